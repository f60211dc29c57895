"""Our addresses. A host with other prefixes includes `api` and `webhooks` apart."""

from django.urls import include, path

from .api.urls import urlpatterns as calls
from .webhooks import receive

api = (calls, "calendly")
# With and without the slash: a redirect would lose the delivery.
webhooks = [path("webhooks/calendly", receive), path("webhooks/calendly/", receive)]

urlpatterns = [*webhooks, path("api/calendly/", include(api))]
