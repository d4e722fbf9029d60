"""Customers and payment methods, as much of them as charging needs."""

from __future__ import annotations

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.stripe import desk
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import errors, methods, parameters, shapes

_DETAILS = ("email", "name", "phone", "description")


class Customers:
    """The endpoints under /v1/customers and /v1/payment_methods."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def create(self, call: Call) -> Answer:
        """POST /v1/customers."""
        customer = shapes.customer(id=desk.new_id("cus"), created=self._desk.now())
        self._describe(customer, call.params)
        self._desk.world.objects.add(type="customer", data=customer)
        call.resource_id = customer["id"]
        self._desk.emit(type="customer.created", about=customer, call=call)
        return self._desk.show(call, customer)

    def update(self, call: Call) -> Answer:
        """POST /v1/customers/{}."""
        customer = self._desk.get(id=call.names[0], type="customer")
        self._describe(customer, call.params)
        self._desk.world.objects.save(data=customer)
        return self._desk.show(call, customer)

    def retrieve(self, call: Call) -> Answer:
        """GET /v1/customers/{}."""
        return self._desk.show(call, self._desk.get(id=call.names[0], type="customer"))

    def list(self, call: Call) -> Answer:
        """GET /v1/customers."""
        selection = parameters.selection(call.params, type="customer", filters=("email",))
        return self._desk.show_page(call, self._desk.world.objects.page(selection))

    def create_method(self, call: Call) -> Answer:
        """POST /v1/payment_methods: from a test card's number or token."""
        parameters.known(call.params, "type", "card", "billing_details", "metadata", "expand")
        card = call.params.get("card")
        if call.params.get("type") != "card" or not isinstance(card, dict):
            raise errors.invalid("This sandbox makes payment methods of type card.", param="type")
        token = str(card.get("token", ""))
        specific = methods.from_token(token) if token else methods.from_number(str(card.get("number", "")))
        if not specific:
            raise errors.invalid("Your card number is not one of Stripe's test cards.", param="card[number]")
        method = self._add(specific)
        call.resource_id = method["id"]
        return self._desk.show(call, method)

    def retrieve_method(self, call: Call) -> Answer:
        """GET /v1/payment_methods/{}."""
        return self._desk.show(call, self.method(call.names[0], param="id"))

    def attach_method(self, call: Call) -> Answer:
        """POST /v1/payment_methods/{}/attach."""
        parameters.known(call.params, "customer", "expand")
        method = self.method(call.names[0], param="id")
        customer_id = parameters.needed(call.params, "customer")
        method["customer"] = self._desk.get(id=customer_id, type="customer", param="customer")["id"]
        self._desk.world.objects.save(data=method)
        return self._desk.show(call, method)

    def detach_method(self, call: Call) -> Answer:
        """POST /v1/payment_methods/{}/detach."""
        method = self.method(call.names[0], param="id")
        method["customer"] = None
        self._desk.world.objects.save(data=method)
        return self._desk.show(call, method)

    def method(self, token: str, *, param: str = "payment_method") -> Json:
        """Return the method of an id; a test token makes a new one, as at Stripe."""
        specific = methods.from_token(token)
        return self._add(specific) if specific else self._desk.get(id=token, type="payment_method", param=param)

    def _add(self, specific: Json) -> Json:
        method = shapes.method(id=desk.new_id("pm"), created=self._desk.now(), specific=specific)
        self._desk.world.objects.add(type="payment_method", data=method)
        return method

    def _describe(self, customer: Json, params: Json) -> None:
        parameters.known(params, *_DETAILS, "metadata", "payment_method", "expand")
        for name in _DETAILS:
            if name in params:
                customer[name] = parameters.text(params, name)
        if "metadata" in params:
            customer["metadata"] = {**customer["metadata"], **parameters.metadata(params)}
