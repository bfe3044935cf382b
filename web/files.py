"""A material's file: only to those who see its case, never run by the browser as a page of ours."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from actions.viewing import note
from config.settings import settings
from models.worklists import material_kept
from rules.errors import NotFound, NotYourDesk
from rules.viewing import Purpose
from web.case_page import HANDLES, case_seen_by
from web.entering import Db, Viewer, now
from web.papers import in_place

router = APIRouter(prefix="/materials")

# The file is a stranger's: whatever it contains, it may load and run nothing here.
FILE_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; object-src 'self'"


@router.get("/{material_id}")
def file(db: Db, viewer: Viewer, material_id: UUID, view: str = "") -> Response:
    """Download it, or with ?view=1 look at it where the browser can."""
    material = material_kept(db, material_id)
    case_seen_by(db, viewer, material.case_number)
    if viewer.role not in HANDLES:
        raise NotYourDesk("材料只给窗口和承办部门查看。")
    path = settings().uploads / material.stored_as
    if not path.is_file():
        raise NotFound(f"材料“{material.name}”的文件不在存储中，请告诉系统管理员。")
    note(db, material.case_number, Purpose.FILE, material.name, by=viewer, at=now())
    return FileResponse(
        path,
        media_type=material.media_type or "application/octet-stream",
        filename=material.file_name,
        content_disposition_type="inline" if view and in_place(material) else "attachment",
        headers={"Content-Security-Policy": FILE_POLICY, "Cache-Control": "private, no-store"},
    )
