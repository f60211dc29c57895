"""URLs of the reference project."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from . import people, views

people.register(admin.site)
admin.site.site_header = admin.site.site_title = "VAI Portal"
admin.site.index_title = _("Administration")

urlpatterns = [
    path("", views.home, name="home"),
    path("try/key", views.try_key, name="try-key"),
    path("", include("calendly_integration.urls")),
    path("admin/", admin.site.urls),
]
