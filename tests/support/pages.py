"""How an index writes its pages: JSON (PEP 691, 700, 714, 792) and HTML (PEP 503, 592, 658)."""

import html
import json

from tests.support.faults import FileEntry

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html; charset=utf-8"


def listing_json(projects: set[str]) -> bytes:
    """Return the page of all projects."""
    return json.dumps(
        {"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in sorted(projects)]}
    ).encode()


def listing_html(projects: set[str]) -> bytes:
    """Return the page of all projects."""
    links = "".join(f'<a href="/simple/{name}/">{name}</a>\n' for name in sorted(projects))
    return f"<!DOCTYPE html><html><body>\n{links}</body></html>".encode()


def project_json(
    project: str, entries: list[FileEntry], versions: list[str], status: str, reason: str | None
) -> bytes:
    """Return a project's page."""
    files = []
    for entry in entries:
        file: dict[str, object] = {
            "filename": entry.filename,
            "url": entry.url,
            "hashes": {} if entry.sha256 is None else {"sha256": entry.sha256},
        }
        if entry.requires_python is not None:
            file["requires-python"] = entry.requires_python
        # PEP 700 makes the size mandatory; indexes that give none exist all the same.
        if entry.size is not None:
            file["size"] = entry.size
        if entry.upload_time is not None:
            file["upload-time"] = entry.upload_time
        if entry.yanked is not None:
            file["yanked"] = entry.yanked or True
        if entry.metadata_sha256 is not None:
            # PEP 714: both keys, for readers old and new.
            file["core-metadata"] = file["dist-info-metadata"] = {"sha256": entry.metadata_sha256}
        files.append(file)
    project_status = {"status": status} | ({} if reason is None else {"reason": reason})
    page = {
        "meta": {"api-version": "1.4"},
        "name": project,
        "versions": versions,
        "files": files,
        "project-status": project_status,
    }
    return json.dumps(page).encode()


def project_html(
    project: str, entries: list[FileEntry], versions: list[str], status: str, reason: str | None
) -> bytes:
    """Return a project's page."""
    del versions  # PEP 700 has them in JSON only
    links = []
    for entry in entries:
        attributes = {"href": entry.url + ("" if entry.sha256 is None else f"#sha256={entry.sha256}")}
        if entry.requires_python is not None:
            attributes["data-requires-python"] = entry.requires_python
        if entry.yanked is not None:
            attributes["data-yanked"] = entry.yanked
        if entry.metadata_sha256 is not None:
            attributes["data-core-metadata"] = f"sha256={entry.metadata_sha256}"
            attributes["data-dist-info-metadata"] = f"sha256={entry.metadata_sha256}"
        written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        links.append(f"<a {written}>{html.escape(entry.filename)}</a><br>\n")
    meta = f'<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="{status}">'
    if reason is not None:
        meta += f'<meta name="pypi:project-status-reason" content="{html.escape(reason)}">'
    body = "".join(links)
    return f"<!DOCTYPE html><html><head>{meta}<title>{project}</title></head><body>\n{body}</body></html>".encode()
