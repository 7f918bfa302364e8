#!/usr/bin/env python3
"""Checks a bundle of evidence of Billing Audit: that nothing in it was altered, removed or slipped in since the seal.

    python3 verify.py [BUNDLE] [--key KEY] [--anchor FILE ...] [--json]

BUNDLE  a folder or a .zip (default: the folder of this program).
KEY     the public key that you were given by another way than this bundle; without it the one inside is used.
FILE    a checkpoint that you kept: from a mail, a folder, a git repository.
Needs Python 3.8 or later and openssl (for Ed25519), no network, no database and nothing of Billing Audit.
Exit codes: 0 all holds, 1 something is wrong, 2 misused, 3 could not be done.
"""
import argparse, base64, hashlib, json, os, subprocess, sys, tempfile, zipfile, zlib

MOST_SIGNATURES = 300  # Of checkpoints that nobody asked about: they stand or fall by the proofs.
MALFORMED = (ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)
FIELDS = set("leaf_index stream seq event_key previous_hash preimage hash salt payload proof".split())
PART = "By its own account a part of the trail: %s. Gaps in a chain are told, not its ends."
UNSEALED = "%d events are not sealed, the oldest of %s; the newest seal is of %s. Only chains protect them: ask again later, and expect them."
ARCHIVED = "Archived: %(events)d events of %(month)s, in %(file)s (SHA-256 %(sha256)s): their hashes are compared here."

class CannotBeDone(Exception): """Neither right nor wrong: something is missing here."""
class Broken(Exception): """The bundle is not whole, or not in its form."""

def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def node_hash(left, right): return sha256(b"\x01", left, right)
def part(about):
    spans = ["events %(first_seq)s to %(last_seq)s of %(stream)s" % span for span in about.get("spans", [])]
    sheets, days = ", ".join(about["sheets"]) or "all", (about["from"] or "the beginning", about["to"] or "the end")
    return "; ".join(spans) or "recorded from %s to before %s, sheets: %s" % (*days, sheets)

def step(place, last):
    """One level up: whether we come from the right, and where we are then."""
    is_right = bool(place & 1) or place == last
    while is_right and not place & 1 and place: place, last = place >> 1, last >> 1
    return is_right, place >> 1, last >> 1

def root_from_inclusion(leaf, index, size, proof):
    """RFC 9162 2.1.3.2: the root that this proof leads to, or None when it has the wrong shape."""
    if not 0 <= index < size: return None
    place, last, digest = index, size - 1, leaf
    for other in proof:
        if last == 0: return None
        is_right, place, last = step(place, last)
        digest = node_hash(other, digest) if is_right else node_hash(digest, other)
    return digest if last == 0 else None

def consistent(first, first_root, second, second_root, proof):
    """RFC 9162 2.1.4.2: whether the first tree is the beginning of the second."""
    if first > second or first < 0: return False
    if first in (0, second): return not proof and first_root == (second_root if first else sha256())
    path = ([first_root] if first & (first - 1) == 0 else []) + list(proof)
    if not path: return False
    place, last = first - 1, second - 1
    while place & 1: place, last = place >> 1, last >> 1
    before = after = path.pop(0)
    for other in path:
        if last == 0: return False
        is_right, place, last = step(place, last)
        before = node_hash(other, before) if is_right else before
        after = node_hash(other, after) if is_right else node_hash(after, other)
    return last == 0 and before == first_root and after == second_root

def root_of(leaves):
    """The root of a whole tree, by its edge."""
    edge = []
    for size, leaf in enumerate(leaves):
        edge.append(leaf)
        while size & 1:
            right, size = edge.pop(), size >> 1
            edge.append(node_hash(edge.pop(), right))
    root = edge.pop() if edge else sha256()
    while edge: root = node_hash(edge.pop(), root)
    return root

def read_key(text):
    """C2SP verifier key: name+key id+base64(0x01, key)."""
    name, key_id, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[0] != 1 or sha256(name.encode(), b"\n", raw)[:4].hex() != key_id: raise ValueError("no Ed25519 key of that name and id")
    return {"name": name, "id": bytes.fromhex(key_id), "raw": raw[1:], "text": text.strip()}

def read_checkpoint(note):
    """C2SP signed note and tlog-checkpoint."""
    end = note.rindex("\n\n")
    text, lines = note[: end + 1], note[end + 2 :].rstrip("\n").split("\n")
    origin, size, root, *more = text[:-1].split("\n")
    if not size.isdigit() or (size != "0" and size[0] == "0") or not origin: raise ValueError("no checkpoint")
    signatures = []
    for line in lines:
        dash, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        if dash != "\u2014" or len(raw) < 5: raise ValueError("no signature")
        signatures.append((name, raw[:4], raw[4:]))
    root = base64.b64decode(root, validate=True)
    if len(root) != 32: raise ValueError("no root hash")
    said = {word: rest for word, _, rest in (line.partition(" ") for line in more)}
    return dict(origin=origin, size=int(size), root=root, text=text, signatures=signatures, sealed=said.get("sealed", "?"), next_key=said.get("next-key"))

def ed25519_holds(key, message, signature):
    """By openssl: Python's standard library has no Ed25519."""
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key) + b"\n-----END PUBLIC KEY-----\n"
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", pem), ("text", message), ("signature", signature)):
            with open(os.path.join(folder, name), "wb") as file: file.write(content)
        try: done = subprocess.run("openssl pkeyutl -verify -pubin -inkey key -rawin -in text -sigfile signature".split(), cwd=folder, capture_output=True)
        except OSError as failure: raise CannotBeDone("openssl cannot be run: %s" % failure)
    if done.returncode != 0 and b"ailure" not in done.stdout:
        raise CannotBeDone("openssl cannot verify Ed25519 (1.1.1 or later is needed): %s" % done.stderr.decode()[:200])
    return done.returncode == 0

def is_signed(checkpoint, keys):
    good = False
    for name, key_id, signature in checkpoint["signatures"]:
        for key in (one for one in keys if one["name"] == name == checkpoint["origin"] and one["id"] == key_id):
            if len(signature) != 64 or not ed25519_holds(key["raw"], checkpoint["text"].encode(), signature): return False
            good = True
    return good

class Bundle:
    def __init__(self, path):
        if not os.path.exists(path): raise CannotBeDone("there is no bundle at %s" % path)
        try: self.zip = zipfile.ZipFile(path) if os.path.isfile(path) else None
        except MALFORMED as failure: raise CannotBeDone("%s cannot be read as a .zip, perhaps it was cut off: %s" % (path, failure))
        self.folder, self.place = path, path

    def lines(self, name):
        self.place = name
        try: file = self.zip.open(name) if self.zip else open(os.path.join(self.folder, name), "rb")
        except (KeyError, FileNotFoundError): raise Broken("%s is missing" % name)
        with file:
            for number, line in enumerate(file, 1):
                self.place = "%s, line %d" % (name, number)
                if line.strip(): yield line.decode("utf-8").rstrip("\n")

    def values(self, name): return map(json.loads, self.lines(name))

class Check:
    def __init__(self, bundle, keys):
        self.bundle, self.keys, self.wrong, self.notes, self.head = bundle, keys, [], [], None
        self.proofs, self.events, self.unsealed, self.anchors, self.erased, self.archived = {}, 0, 0, 0, 0, 0
        self.named, self.taken, self.oldest = set(), 0, "~"  # In force; taken by erasures (None: nobody can tell); the oldest unsealed.
        self.about = json.loads("\n".join(bundle.lines("about.json")))
        self.notes += ([] if self.about["whole"] else [PART % part(self.about)]) + [ARCHIVED % told for told in self.about["archives"]]
        if not keys: raise Broken("keys.txt holds no key")

    def say(self, text, *facts): self.wrong.append(text % facts)

    def trusts(self, checkpoint):
        if not is_signed(checkpoint, self.keys): return False
        if checkpoint["next_key"] and all(key["text"] != checkpoint["next_key"] for key in self.keys):
            new = read_key(checkpoint["next_key"])
            if new["name"] != checkpoint["origin"] or not is_signed(checkpoint, [new]): return False
            self.keys.append(new)
        return True

    def checkpoints(self):
        told = [(read_checkpoint(value["note"]), value["proof"]) for value in self.bundle.values("checkpoints.jsonl")]
        if not told: return self.say("The bundle holds no checkpoint: nothing in it is protected.")
        self.head = told[-1][0]
        for number, (checkpoint, proof) in enumerate(told):
            matters = checkpoint["next_key"] or checkpoint is self.head or len(told) - number <= MOST_SIGNATURES
            name = "The checkpoint of %d events" % checkpoint["size"]
            if checkpoint["origin"] != self.head["origin"]: self.say("%s is of another log, %s.", name, checkpoint["origin"])
            elif matters and not self.trusts(checkpoint): self.say("%s is not signed by a key that is trusted.", name)
            else:
                self.proofs[checkpoint["size"]] = [bytes.fromhex(one) for one in proof]
                self.compare(name, checkpoint)

    def compare(self, name, checkpoint):
        size, head = checkpoint["size"], self.head
        if size > head["size"]:
            self.say("%s is larger than the newest of the bundle: events %d to %d were cut off, or an older copy was put back.", name, head["size"], size - 1)
        elif size not in self.proofs: self.say("%s cannot be compared: no proof for its size is in the bundle.", name)
        elif not consistent(size, checkpoint["root"], head["size"], head["root"], self.proofs[size]):
            self.say("%s is of another history: something before event %d was rewritten.", name, size)

    def anchored(self, name, note):
        try: checkpoint = read_checkpoint(note)
        except MALFORMED as failure: return self.say("%s holds no checkpoint: %s", name, failure)
        self.anchors += 1
        name = "%s: the checkpoint of %d events" % (name, checkpoint["size"])
        if self.head is None or checkpoint["origin"] != self.head["origin"]: self.say("%s is of another log, %s.", name, checkpoint["origin"])
        elif not self.trusts(checkpoint): self.say("%s is not signed by a key that is trusted.", name)
        else: self.compare(name, checkpoint)

    def all_events(self):
        leaves, last = {}, {}
        for gone in self.bundle.values("archived.jsonl"):
            self.archived, digest = self.archived + 1, bytes.fromhex(gone["hash"])
            leaves[gone["leaf_index"]] = sha256(b"\x00", digest)
            if self.about["whole"]: last[gone["stream"]] = (gone["seq"], digest)
        if self.archived != sum(told["events"] for told in self.about["archives"]):
            self.say("%d events are said to be archived, and not as many are in the archives.", self.archived)
        for event in self.bundle.values("events.jsonl"):
            self.events += 1
            name = "Event %s of %s" % (event["seq"], event["stream"])
            if set(event) != FIELDS: self.say("%s has fields that nothing vouches for, or lacks some: %s.", name, sorted(set(event) ^ FIELDS))
            before = bytes.fromhex(event["previous_hash"])
            digest, told = sha256(before, event["preimage"].encode()), json.loads(event["preimage"])
            if digest.hex() != event["hash"] or told[1:3] != [event["stream"], event["seq"]] or told[4] != event["event_key"]:
                self.say("%s was altered: its text does not have its hash.", name)
                continue
            self.erasures(event)
            self.named.update(one for one in told[-4:-1] if one)
            if event["payload"] is not None and sha256(bytes.fromhex(event["salt"]), event["payload"].encode()).hex() != told[-1]:
                self.say("%s was altered: its values are not those that were recorded.", name)
            first = (0, sha256(("billing-audit:genesis:" + event["stream"]).encode())) if event["seq"] == 1 else (None, None)
            number, hash_before = last.get(event["stream"], first)
            if number is not None and event["seq"] != number + 1: self.say("%s follows event %s: something is missing or doubled.", name, number)
            elif number is not None and hash_before != before: self.say("%s does not follow the one before it.", name)
            last[event["stream"]] = (event["seq"], digest)
            self.sealed(name, event, sha256(b"\x00", digest), leaves)
        self.whole(leaves)

    def erasures(self, event):
        """Values may only be gone by an erasure, which stands in the chain `keeping` with how many it took."""
        self.erased += event["payload"] is None
        if event["stream"] == "keeping" and event["event_key"].startswith("erasure:"):
            took = json.loads(event["payload"])["values"]["events"] if event["payload"] else None
            self.taken = None if self.taken is None or took is None else self.taken + int(took)

    def told_of_itself(self):
        """What the bundle says of itself, the values that are gone, and the texts that events name."""
        if self.events != self.about["events"]: self.say("The bundle says that it holds %s events, and holds %d.", self.about["events"], self.events)
        if self.about["whole"] and self.taken is not None and self.erased > self.taken:
            self.say("The values of %d events are gone, and erasures took those of %d.", self.erased, self.taken)
        elif self.erased and not (self.about["whole"] and self.taken is not None):
            self.notes.append("The values of %d events are gone: whether erasures took them, a bundle of the whole trail tells." % self.erased)
        for told in self.bundle.values("in-force.jsonl"):
            if sha256(told["text"].encode()).hex() == told["hash"]: self.named.discard(told["hash"])
            else: self.say("The text of the %s %s in in-force.jsonl was altered.", told["kind"], told["hash"])
        if self.unsealed: self.notes.append(UNSEALED % (self.unsealed, self.oldest, self.head["sealed"] if self.head else "never"))
        if self.named: self.notes.append("The texts of %d rules, flows or models that events name are not in the bundle." % len(self.named))

    def sealed(self, name, event, leaf, leaves):
        index = event["leaf_index"]
        if index is None or self.head is None:
            self.unsealed, self.oldest = self.unsealed + 1, min(self.oldest, json.loads(event["preimage"])[3])
        elif index in leaves: self.say("%s has the place of another event.", name)
        elif root_from_inclusion(leaf, index, self.head["size"], [bytes.fromhex(one) for one in event["proof"]]) != self.head["root"]:
            self.say("%s is not among the sealed events: it was altered, or never sealed.", name)
        else: leaves[index] = leaf

    def whole(self, leaves):
        if self.head is None or not self.about["whole"]: return
        size, places = self.head["size"], range(self.head["size"])
        if size != len(leaves): self.say("%d of %d sealed events are missing from the bundle, or wrong.", size - len(leaves), size)
        elif root_of(leaves[place] for place in places) != self.head["root"]: self.say("The events do not give the root that was signed.")

def note_in(text):
    """A checkpoint as it was saved from a mail: between its marks, with whatever line ends."""
    parts = "\n".join(line.strip() for line in text.replace("\r", "").split("\n")).split("-----8<-----")
    return (parts[1] if len(parts) > 2 else parts[0]).strip("\n") + "\n"

def run(options):
    bundle = Bundle(options.bundle)
    try:
        check = Check(bundle, [options.key] if options.key else [read_key(line) for line in bundle.lines("keys.txt")])
        check.checkpoints()
        for value in bundle.values("anchors.jsonl"): check.anchored("The anchor %s" % value["anchor"], value["note"])
        for path in options.anchor:
            with open(path, encoding="utf-8", errors="replace") as file: check.anchored(path, note_in(file.read()))
        check.all_events()
        check.told_of_itself()
        return check
    except MALFORMED as failure:
        raise Broken("%s is not in its form: %s: %s" % (bundle.place, type(failure).__name__, failure))

def words(check, options):
    head = check.head or {"size": 0, "sealed": "never"}
    yield "%d events, %d of them not sealed yet, %d with erased values." % (check.events, check.unsealed, check.erased)
    yield "The newest checkpoint seals %d events, at %s; %d anchored checkpoints were compared." % (head["size"], head["sealed"], check.anchors)
    if not options.key: yield "The key was taken from the bundle. Compare it with the one that you were given: " + check.keys[0]["text"]
    if check.anchors == 0: yield "No anchor was compared: whoever has the signing key could have rewritten all of this."
    yield from ["NOTE   " + text for text in check.notes] + ["WRONG  " + text for text in check.wrong[:100]]
    yield "%d %s wrong." % (len(check.wrong), "thing is" if len(check.wrong) == 1 else "things are") if check.wrong else "All that is sealed holds." if check.unsealed else "All holds."

def key_given(text):
    try: return read_key(text)
    except MALFORMED: raise argparse.ArgumentTypeError("%r is no public key: give the whole line, as keys.txt has it" % text)

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key", type=key_given)
    parser.add_argument("--anchor", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try: check = run(options)
    except Broken as failure:
        print(json.dumps(dict(ok=False, wrong=[str(failure)])) if options.json else "WRONG  The bundle is not whole, or was altered: %s." % failure)
        return 1
    except (CannotBeDone, OSError) as failure:
        print("It could not be done: %s" % failure, file=sys.stderr)
        return 3
    told = {name: getattr(check, name) for name in "events unsealed erased anchors notes wrong".split()}
    print(json.dumps(dict(told, ok=not check.wrong, whole=check.about["whole"])) if options.json else "\n".join(words(check, options)))
    return 1 if check.wrong else 0

if __name__ == "__main__": sys.exit(main())
