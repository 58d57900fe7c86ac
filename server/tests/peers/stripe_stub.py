"""Stripe's API as far as it is used, in the shapes of its published reference (docs.stripe.com/api), with a checkout and a
portal that a browser can walk through. It keeps state, honours idempotency keys and signs what it tells with the `stripe`
package's own code.

    stripe_stub.py PORT

`POST /_set` with JSON: `webhook` and `secret` (where to tell what happens), `down` (answer 503), `silent` (tell nothing).
`POST /_tell/TYPE/SUBSCRIPTION` with JSON changes a subscription and tells of it.
"""

import asyncio
import html
import itertools
import json
import sys
import time

import aiohttp
import stripe
from aiohttp import web

MONTH, YEAR = 30 * 86_400, 365 * 86_400
PRICES = {
    "price_pro_monthly": (900, MONTH),
    "price_pro_yearly": (9_000, YEAR),
    "price_business_monthly": (2_900, MONTH),
    "price_business_yearly": (29_000, YEAR),
}
count = itertools.count(1)
setting = {"webhook": None, "secret": None, "down": False, "silent": False}
customers, sessions, portals, subscriptions, events, answered, busy = {}, {}, {}, {}, [], {}, set()


def new(prefix):
    return f"{prefix}_test{next(count):06}"


def fault(status, text):
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return web.json_response({"error": {"type": kind, "message": text}}, status=status)


def item(price):
    return {
        "id": new("si"), "object": "subscription_item", "quantity": 1,
        "price": {"id": price, "object": "price", "currency": "eur", "unit_amount": PRICES[price][0]},
        "current_period_start": int(time.time()), "current_period_end": int(time.time()) + PRICES[price][1],
    }


def subscribe(customer, price, metadata):
    made = {
        "id": new("sub"), "object": "subscription", "customer": customer, "status": "active", "metadata": metadata,
        "cancel_at_period_end": False, "cancel_at": None, "created": int(time.time()), "livemode": False,
        "items": {"object": "list", "data": [item(price)], "has_more": False},
    }
    subscriptions[made["id"]] = made
    return made


async def tell(kind, thing):
    event = {
        "id": new("evt"), "object": "event", "api_version": "2025-09-30.clover", "created": int(time.time()),
        "livemode": False, "pending_webhooks": 1, "type": kind, "data": {"object": json.loads(json.dumps(thing))},
    }
    events.insert(0, event)
    if setting["silent"] or not setting["webhook"]:
        return
    body = json.dumps(event, indent=2)
    signed = f"{event['created']}.{body}"
    signature = stripe.WebhookSignature._compute_signature(signed, setting["secret"])
    headers = {"Stripe-Signature": f"t={event['created']},v1={signature}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        async with session.post(setting["webhook"], data=body, headers=headers) as answer:
            assert answer.status == 200, (kind, answer.status)


async def fields(request):
    """`a[b][0][c]=1` as a tree of dicts."""
    tree = {}
    for name, value in (await request.post()).items():
        parts, place = name.replace("]", "").split("["), tree
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return tree


@web.middleware
async def door(request, handler):
    if not request.path.startswith("/v1/"):
        return await handler(request)
    if setting["down"]:
        return fault(503, "down")
    if not request.headers.get("Authorization", "").startswith("Bearer sk_"):
        return fault(401, "Invalid API Key provided")
    key = request.headers.get("Idempotency-Key")
    if key in answered:
        return web.json_response(answered[key])
    if key in busy:
        return fault(409, "There is currently another in-progress request using this Stripe idempotency key")
    if key:
        busy.add(key)
        await asyncio.sleep(0.2)
    answer = await handler(request)
    busy.discard(key)
    if key and answer.status == 200:
        answered[key] = json.loads(answer.body)
    return answer


routes = web.RouteTableDef()


@routes.post("/_set")
async def _(request):
    setting.update(await request.json())
    return web.json_response(setting)


@routes.get("/_count")
async def _(request):
    active = sum(one["status"] == "active" for one in subscriptions.values())
    return web.json_response({"customers": len(customers), "sessions": len(sessions), "subscriptions": len(subscriptions), "active": active})


@routes.post("/_tell/{kind}/{id}")
async def _(request):
    thing = subscriptions[request.match_info["id"]]
    thing.update(await request.json())
    await tell(request.match_info["kind"], thing)
    return web.json_response(thing)


@routes.post("/v1/customers")
async def _(request):
    made = {"id": new("cus"), "object": "customer", **await fields(request)}
    customers[made["id"]] = made
    return web.json_response(made)


@routes.post("/v1/checkout/sessions")
async def _(request):
    given = await fields(request)
    if given["customer"] not in customers:
        return fault(400, "No such customer")
    made = {
        "id": new("cs"), "object": "checkout.session", "mode": given["mode"], "customer": given["customer"],
        "client_reference_id": given["client_reference_id"], "status": "open", "payment_status": "unpaid",
        "subscription": None, "success_url": given["success_url"], "cancel_url": given["cancel_url"], "livemode": False,
    }
    made["url"] = f"http://{request.host}/pay/{made['id']}"
    sessions[made["id"]] = (made, given["line_items"]["0"]["price"], given["subscription_data"]["metadata"])
    return web.json_response(made)


@routes.get("/v1/checkout/sessions/{id}")
async def _(request):
    found = sessions.get(request.match_info["id"])
    return web.json_response(found[0]) if found else fault(404, "No such checkout.session")


@routes.post("/v1/billing_portal/sessions")
async def _(request):
    given = await fields(request)
    made = {"id": new("bps"), "object": "billing_portal.session", **given, "livemode": False}
    made["url"] = f"http://{request.host}/portal/{made['id']}"
    portals[made["id"]] = made
    return web.json_response(made)


@routes.get("/v1/subscriptions")
async def _(request):
    theirs = [one for one in subscriptions.values() if one["customer"] == request.query["customer"]]
    return web.json_response({"object": "list", "data": theirs, "has_more": False, "url": "/v1/subscriptions"})


@routes.post("/v1/subscriptions/{id}")
async def _(request):
    thing = subscriptions.get(request.match_info["id"])
    if thing is None:
        return fault(404, "No such subscription")
    thing["cancel_at_period_end"] = (await fields(request))["cancel_at_period_end"] == "true"
    asyncio.ensure_future(tell("customer.subscription.updated", thing))
    return web.json_response(thing)


@routes.delete("/v1/subscriptions/{id}")
async def _(request):
    thing = subscriptions.get(request.match_info["id"])
    if thing is None or thing["status"] == "canceled":
        return fault(404, "No such subscription")
    thing["status"] = "canceled"
    asyncio.ensure_future(tell("customer.subscription.deleted", thing))
    return web.json_response(thing)


@routes.delete("/v1/customers/{id}")
async def _(request):
    if customers.pop(request.match_info["id"], None) is None:
        return fault(404, "No such customer")
    gone = {"id": request.match_info["id"], "object": "customer", "deleted": True}
    asyncio.ensure_future(tell("customer.deleted", gone))
    return web.json_response(gone)


@routes.get("/v1/prices/{id}")
async def _(request):
    amount, _ = PRICES[request.match_info["id"]]
    return web.json_response(
        {"id": request.match_info["id"], "object": "price", "currency": "eur", "unit_amount": amount, "type": "recurring"})


@routes.get("/v1/events")
async def _(request):
    since = int(request.query["created[gte]"])
    found = [event for event in events if event["created"] >= since]
    after = request.query.get("starting_after")
    if after:
        found = found[[event["id"] for event in found].index(after) + 1:]
    return web.json_response({"object": "list", "data": found[:2], "has_more": len(found) > 2, "url": "/v1/events"})


def page(title, *buttons):
    forms = "".join(
        f'<form method="post"><button name="do" value="{do}">{html.escape(words)}</button></form>' for do, words in buttons)
    text = f'<!doctype html><html lang="en"><title>{title}</title><link rel="icon" href="data:,"><h1>{title}</h1>{forms}</html>'
    return web.Response(text=text, content_type="text/html")


@routes.get("/pay/{id}")
async def _(request):
    return page("Pay", ("pay", "Pay and subscribe"), ("leave", "Back"))


@routes.post("/pay/{id}")
async def _(request):
    made, price, metadata = sessions[request.match_info["id"]]
    if (await request.post())["do"] == "leave":
        raise web.HTTPSeeOther(made["cancel_url"])
    if made["status"] == "open":
        bought = subscribe(made["customer"], price, metadata)
        made.update(status="complete", payment_status="paid", subscription=bought["id"], url=None)
        await tell("customer.subscription.created", bought)
        await tell("checkout.session.completed", made)
        await tell("invoice.paid", {"id": new("in"), "object": "invoice", "customer": made["customer"]})
    raise web.HTTPSeeOther(made["success_url"].replace("{CHECKOUT_SESSION_ID}", made["id"]))


@routes.get("/portal/{id}")
async def _(request):
    flow = portals[request.match_info["id"]].get("flow_data")
    return page("Portal", *([("change", "Confirm the change")] if flow else [("cancel", "Cancel subscription now")]), ("leave", "Return"))


@routes.post("/portal/{id}")
async def _(request):
    visit = portals[request.match_info["id"]]
    do = (await request.post())["do"]
    if do == "change":
        change = visit["flow_data"]["subscription_update_confirm"]
        thing = subscriptions[change["subscription"]]
        thing["items"]["data"] = [item(change["items"]["0"]["price"])]
        await tell("customer.subscription.updated", thing)
    if do == "cancel":
        for thing in subscriptions.values():
            if thing["customer"] == visit["customer"] and thing["status"] != "canceled":
                thing["status"] = "canceled"
                await tell("customer.subscription.deleted", thing)
    raise web.HTTPSeeOther(visit["return_url"])


app = web.Application(middlewares=[door])
app.add_routes(routes)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
