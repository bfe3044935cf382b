"""投递通知: the scheduled safety net behind the worker's own sender."""

from prefect import flow

from notifications.sending import send_due


@flow(name="投递通知", persist_result=False)
def deliver_notices() -> int:
    """Send what is due and was not sent, for instance because no worker ran; says how many were tried."""
    return send_due()
