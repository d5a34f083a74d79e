"""Loads the page of `hsmcert status --html` in headless Chromium and prints, as JSON, what is where on it.

usage: timeline.py FILE
"""

import json
import sys
import tempfile
from pathlib import Path

from page import Browser

ROWS = """[...document.querySelectorAll('#timeline details')].map(row => {
  const box = one => { const found = row.querySelector(one); return found && found.getBoundingClientRect(); };
  const life = box('.life'), due = box('.due-mark'), now = box('.now'), track = box('.track');
  row.open = true;
  return {
    state: row.className, name: row.querySelector('.name').textContent, end: row.querySelector('.end').textContent,
    life: [life.left, life.right], due: due && due.left, now: now.left, track: [track.left, track.right],
    details: Object.fromEntries([...row.querySelectorAll('dt')].map(dt => [dt.textContent, dt.nextSibling.textContent])),
    shown: row.querySelector('dl').getBoundingClientRect().height > 0,
  };
})"""


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser("MAP * ~NOTFOUND", profile)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            browser.call("Page.enable")
            browser.call("Network.enable")
            browser.events.clear()
            browser.call("Page.navigate", url=Path(sys.argv[1]).resolve().as_uri())
            browser.wait_for("Page.loadEventFired")
            requests = [event["params"]["request"]["url"] for event in browser.events
                        if event.get("method") == "Network.requestWillBeSent"]
            print(json.dumps({
                "title": browser.evaluate("document.title"),
                "counts": browser.evaluate("[...document.querySelectorAll('.counts li')].map(li => li.textContent)"),
                "rows": browser.evaluate(ROWS),
                "requests": [url for url in requests if not url.startswith(("file:", "data:"))],
                "overflows": browser.evaluate("document.documentElement.scrollWidth > innerWidth"),
            }))
        finally:
            browser.process.terminate()
            browser.process.wait()


main()
