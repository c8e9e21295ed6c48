#!/usr/bin/env python3
"""http_test - the programs on librio_http: the crawler and the web server.

SPDX-License-Identifier: MIT
"""
import concurrent.futures
import http.client
import http.server
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

PROGRAMS = pathlib.Path(os.environ['RINGQ_BUILD'], 'examples')
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
PATIENCE = 60  # s
GREETING = 'Hello, Async World!'


def run(*args):
    return subprocess.run([PROGRAMS / args[0], *args[1:]], env=ENV, text=True, capture_output=True, check=False,
                          timeout=PATIENCE)


class Site(http.server.BaseHTTPRequestHandler):
    """Five pages in a ring, with links that lead away and nowhere; it counts."""
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        page = re.fullmatch(r'/ring/([0-4])', self.path)
        body = (f'<a href="/ring/{(int(page[1]) + 1) % 5}">on</a> <a href="/ring/{page[1]}#top">here</a>'
                '<a href="/gone">gone</a> <a href="//elsewhere.invalid/">away</a>'
                '<a href="http://elsewhere.invalid/">away</a> <a href="').encode() if page else b'no such page'
        self.send_response(200 if page else 404)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Crawler(unittest.TestCase):
    def test_two_hundred_pages_take_about_a_second(self):
        result = run('crawler')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        pages, times = result.stdout.splitlines()
        self.assertEqual(pages, '200 pages, at most 10 at a time')
        took, ideal = re.fullmatch(r'time ([\d.]+) s, ideal ([\d.]+) s, ratio [\d.]+', times).groups()
        self.assertEqual(ideal, '1.000')
        self.assertGreaterEqual(float(took), 1.0)
        self.assertLess(float(took), 8.0)  # one after the other: 10 s

    def test_each_page_is_asked_for_once(self):
        Site.asked.clear()
        with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            result = run('crawler', f'http://127.0.0.1:{server.server_port}/ring/3')
            server.shutdown()
            thread.join()
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertIn('6 pages, ', result.stdout)
        self.assertEqual(sorted(Site.asked), ['/gone', *(f'/ring/{i}' for i in range(5))])

    def test_what_cannot_be_crawled_is_said(self):
        self.assertIn('usage:', run('crawler', 'a', 'b').stderr)
        self.assertIn('not a URL', run('crawler', 'nonsense').stderr)
        nobody = run('crawler', 'http://127.0.0.1:1/')
        self.assertEqual(nobody.returncode, 1)
        self.assertIn('http://127.0.0.1:1/', nobody.stderr)


class WebServer(unittest.TestCase):
    def serve(self, delay):
        server = subprocess.Popen([PROGRAMS / 'web_server', '0', str(delay)], env=ENV, text=True,
                                  stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait, PATIENCE)
        self.addCleanup(server.terminate)
        self.port = int(re.search(r':(\d+)/', server.stdout.readline())[1])
        return server

    def ask(self, method='GET', path='/'):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE)
        connection.request(method, path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text, response.headers

    def test_it_greets(self):
        self.serve(0)
        status, text, headers = self.ask()
        self.assertEqual((status, text), (200, GREETING))
        self.assertEqual(headers['Content-Type'], 'text/plain; charset=utf-8')

    def test_it_knows_what_it_does_not_know(self):
        self.serve(0)
        self.assertEqual(self.ask(path='/nope')[0], 404)
        status, _, headers = self.ask(method='POST')
        self.assertEqual((status, headers['Allow']), (405, 'GET, HEAD'))

    def test_a_hundred_wait_together(self):
        self.serve(200)
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            replies = list(pool.map(lambda _: self.ask()[:2], range(100)))
        self.assertEqual(replies, [(200, GREETING)] * 100)
        self.assertLess(time.monotonic() - start, 10.0)  # one after the other: 20 s

    @unittest.skipUnless(shutil.which('curl'), 'no curl')
    def test_curl_understands_it(self):
        self.serve(0)
        url = f'http://127.0.0.1:{self.port}/'
        curl = ['curl', '--noproxy', '*', '-s', '-S', '--max-time', str(PATIENCE)]
        self.assertEqual(subprocess.run([*curl, url], capture_output=True, text=True, check=True).stdout, GREETING)
        for args, status in (([url + 'nope'], '404'), (['-X', 'PUT', url], '405'), (['-I', url], '200')):
            said = subprocess.run([*curl, '-o', os.devnull, '-w', '%{http_code}', *args], capture_output=True,
                                  text=True, check=True).stdout
            self.assertEqual(said, status)

    @unittest.skipUnless(shutil.which('curl'), 'no curl')
    def test_a_hundred_of_curl_wait_together(self):
        self.serve(200)
        start = time.monotonic()
        said = subprocess.run(['curl', '--noproxy', '*', '-s', '-S', '--parallel', '--parallel-immediate',
                               '--parallel-max', '100', '--max-time', str(PATIENCE),
                               f'http://127.0.0.1:{self.port}/?[1-100]'], capture_output=True, text=True,
                              check=True).stdout
        self.assertEqual(said, GREETING * 100)
        self.assertLess(time.monotonic() - start, 10.0)

    def test_it_ends_gracefully(self):
        for signo in (signal.SIGTERM, signal.SIGINT):
            server = self.serve(300)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                reply = pool.submit(self.ask)
                while not self.established(server.pid):
                    time.sleep(0.01)
                time.sleep(0.1)
                server.send_signal(signo)
                self.assertEqual(reply.result()[:2], (200, GREETING))
            self.assertEqual(server.stdout.read(), 'goodbye\n')
            self.assertEqual(server.wait(PATIENCE), 0)

    def established(self, pid):
        """Whether somebody is connected: a socket in state 01 on our port."""
        lines = pathlib.Path(f'/proc/{pid}/net/tcp').read_text(encoding='ascii').splitlines()
        return any(line.split()[1].endswith(f':{self.port:04X}') and line.split()[3] == '01' for line in lines[1:])


if __name__ == '__main__':
    unittest.main()
