"""监察巡查: every minute, whatever has been reached by now; a minute missed is made up for by the next."""

from prefect import flow

from tasks.patrolling import (
    anchor_files,
    announce_cards,
    count_days,
    fire_what_is_due,
    now,
    publish_overdue,
    tell_people,
    write_papers,
)


@flow(name="监察巡查", persist_result=False)
def patrol() -> int:
    """Fire the rungs, announce the cards, write the papers, tell the people, publish the overdue.

    The number of new cards.
    """
    at = now()
    written = fire_what_is_due(at)
    announce_cards(at)
    write_papers()
    tell_people(at)
    anchor_files(at)
    count_days(at)
    if written or at.minute == 0:  # the list changes with a card, or by people's decisions: look every hour
        publish_overdue(at)
    return written
