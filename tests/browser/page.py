"""Loads a page in headless Chromium and prints, as JSON, what the browser made of it.

usage: page.py URL HOST-RESOLVER-RULES

Speaks the DevTools protocol through the pipe of --remote-debugging-pipe (JSON messages that end in NUL), so nothing
but Python's standard library is needed. HOME decides which NSS database Chromium reads.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]


class Browser:
    def __init__(self, rules, profile):
        read_here, chromium_writes = os.pipe()
        chromium_reads, write_here = os.pipe()
        # Chromium reads from descriptor 3 and writes to 4; the shell puts the pipes there, from where they are not.
        read_there, write_there = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (chromium_reads, chromium_writes))
        command = f'exec chromium "$@" 3<&{read_there} 4>&{write_there} {read_there}<&- {write_there}>&-'
        arguments = FLAGS + [f"--user-data-dir={profile}", f"--host-resolver-rules={rules}", "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", command, "bash", *arguments],
            pass_fds=(read_there, write_there), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for descriptor in (read_there, write_there, chromium_reads, chromium_writes):
            os.close(descriptor)
        self.reader, self.writer = os.fdopen(read_here, "rb"), os.fdopen(write_here, "wb")
        self.number, self.events, self.session, self.buffer = 0, [], None, b""

    def message(self):
        while b"\0" not in self.buffer:
            chunk = self.reader.read1(65536)
            if not chunk:
                sys.exit("Chromium has ended")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        self.writer.write(json.dumps(request).encode() + b"\0")
        self.writer.flush()
        while True:
            message = self.message()
            if message.get("id") != self.number:
                self.events.append(message)
            elif "error" in message:
                sys.exit(f"{method}: {message['error']['message']}")
            else:
                return message["result"]

    def wait_for(self, method):
        while True:
            for event in self.events:
                if event.get("method") == method:
                    return event["params"]
            self.events.append(self.message())

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")


def look(browser, url):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.call("Page.enable")
    browser.call("Network.enable")
    browser.events.clear()
    error = browser.call("Page.navigate", url=url).get("errorText")
    if error:
        return {"error": error}
    browser.wait_for("Page.loadEventFired")
    security = browser.wait_for("Network.responseReceived")["response"]["securityDetails"]
    names = "[...document.querySelectorAll('#sans li')].map(li => li.textContent)"
    return {
        "error": None,
        "title": browser.evaluate("document.title"),
        "sans": browser.evaluate(names),
        "proof": browser.evaluate("document.querySelectorAll('#proof li').length"),
        "protocol": security["protocol"],
        "certificate_sans": security["sanList"],
        "certificate": browser.call("Network.getCertificate", origin=url.rstrip("/"))["tableNames"],
    }


def main():
    url, rules = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(rules, profile)
        try:
            print(json.dumps(look(browser, url)))
        finally:
            browser.process.terminate()
            browser.process.wait()


if __name__ == "__main__":
    main()
