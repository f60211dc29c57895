"""The reference project's addresses, and the bare view beside them."""

from django.urls import include, path

from . import views

urlpatterns = [path("bare", views.receive), path("", include("config.urls"))]
