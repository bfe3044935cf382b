"""送达、寄出、退回 as acts of the window: what its forms ask, and what is ticked when they are opened."""

from actions.acting import REASON, Asked, Doing, Field, Form, Scene, several, text
from actions.delivering import deliver, returned, ship
from models.after import lying_ready, on_the_way, refusals_lying_ready
from models.case import items_of
from rules.documents import DocumentKind
from rules.states import Act

COUNTER = "counter:"  # before an item's code: the page showed it as lying at the counter
NONE_TICKED = "请勾选要交付的结果。"
RECIPIENT = "不填即登记为申请人本人领取"
WHICH_ARRIVED = "不选即窗口待领的全部；登记快递签收请勾选"


def _deliver(asked: Asked) -> object:
    named = several(asked, "items")
    return deliver(
        asked.session,
        asked.number,
        by=asked.by,
        at=asked.at,
        items=[one.removeprefix(COUNTER) for one in named],
        at_counter=bool(named) and all(one.startswith(COUNTER) for one in named),
        recipient=text(asked, "recipient"),
    )


def _ship(asked: Asked) -> object:
    courier, tracking = text(asked, "courier"), text(asked, "tracking")
    items = several(asked, "items")
    return ship(asked.session, asked.number, courier, tracking, by=asked.by, at=asked.at, items=items)


def _returned(asked: Asked) -> object:
    reason, items = text(asked, "reason"), several(asked, "items")
    return returned(asked.session, asked.number, reason, by=asked.by, at=asked.at, items=items)


def _here(scene: Scene) -> list[tuple[str, str]]:
    results = [(item.code, item.name) for item in lying_ready(scene.session, scene.case.number)]
    refused = refusals_lying_ready(scene.session, scene.case)
    return results + [(item.code, f"{item.name}（{DocumentKind.REFUSAL.label}）") for item in refused]


def _at_counter(scene: Scene) -> list[tuple[str, str]]:
    return [(f"{COUNTER}{code}", name) for code, name in _here(scene)]


def _travelling(scene: Scene) -> list[tuple[str, str]]:
    parcel_of = {
        number: parcel for parcel in on_the_way(scene.session, scene.case.number) for number in parcel.items
    }
    return [
        (item.code, f"{item.name}（快递 {parcel_of[item.number].tracking_number}）")
        for item in items_of(scene.session, scene.case.number)
        if item.number in parcel_of
    ]


def _ticked_to_hand_over(scene: Scene) -> list[str]:
    """What lies at the counter; where nothing does, what travels in the only parcel."""
    here = [value for value, _ in _at_counter(scene)]
    parcels = on_the_way(scene.session, scene.case.number)
    return here or ([code for code, _ in _travelling(scene)] if len(parcels) == 1 else [])


def _ticked_to_send(scene: Scene) -> list[str]:
    return [code for code, _ in _here(scene)]


def _applicant(scene: Scene) -> str:
    return scene.case.applicant_name


def _all_of_them(scene: Scene) -> list[tuple[str, str]]:
    return _at_counter(scene) + _travelling(scene)


DOINGS = (
    Doing(
        "deliver",
        Act.DELIVER,
        False,
        (
            Field(
                "items",
                "哪些结果",
                Form.SEVERAL,
                required=False,
                hint=WHICH_ARRIVED,
                choices=_all_of_them,
                beforehand=_ticked_to_hand_over,
                none_ticked=NONE_TICKED,
            ),
            Field("recipient", "领取人", required=False, hint=RECIPIENT, beforehand=_applicant),
        ),
        _deliver,
        lambda scene: bool(_all_of_them(scene)),
    ),
    Doing(
        "ship",
        Act.SHIP,
        False,
        (
            Field("courier", "快递公司"),
            Field("tracking", "快递单号"),
            Field(
                "items",
                "哪些结果",
                Form.SEVERAL,
                required=False,
                hint="不选即全部",
                choices=_here,
                beforehand=_ticked_to_send,
                none_ticked=NONE_TICKED,
            ),
        ),
        _ship,
        lambda scene: bool(_here(scene)),
    ),
    Doing(
        "returned",
        Act.RETURNED,
        False,
        (
            REASON,
            Field(
                "items", "哪一件", Form.SEVERAL, required=False, hint="有几件在途时才选", choices=_travelling
            ),
        ),
        _returned,
        lambda scene: bool(_travelling(scene)),
    ),
)
