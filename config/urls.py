"""URLs of the reference project."""

from django.contrib import admin
from django.urls import include, path

from . import people, views

people.register(admin.site)

urlpatterns = [
    path("", views.home, name="home"),
    path("try/key", views.try_key, name="try-key"),
    path("", include("calendly_integration.urls")),
    path("admin/", admin.site.urls),
]
