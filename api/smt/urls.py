"""Addresses in any letter case, with or without the last slash: a redirected POST would lose its body (M1)."""

from django.urls import re_path

from api.smt.views import customer_interface, smt_message

urlpatterns = [
    re_path(r"^[sS][mM][tT]/(?P<rest>.*)\Z", smt_message, name="smt_message"),
    re_path(r"^[sS][mM][tT]\Z", smt_message, name="smt_root"),
    re_path(r"^(?P<interface>commonapi|api)/user/authenticate/?\Z", customer_interface, name="smt_customer_interface"),
]
