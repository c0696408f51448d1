"""The way it is often done, as a measure of that way and of nobody's product: a small Flask service behind waitress.

A save writes a JSON file (temporary, renamed, not flushed to disk), publishes its announcement with paho-mqtt, without
waiting for the broker, and answers. It runs with Debian's python3-flask, python3-waitress and python3-paho-mqtt.

python3 stand-in.py FOLDER PORT BROKER_PORT USERNAME PASSWORD
"""

import json
import logging
import os
import sys

import flask
import paho.mqtt.client
import waitress

folder, port, broker_port, username, password = sys.argv[1:]
app = flask.Flask(__name__)
mqtt = paho.mqtt.client.Client(protocol=paho.mqtt.client.MQTTv5)


def path_of(mac):
    return os.path.join(folder, f"{mac}.json")


def answer(mac, content):
    return flask.jsonify(
        mac_address=mac,
        device_name=content.get("deviceName"),
        device_entity_id=content.get("deviceEntityId"),
        enable_ota=content.get("enableOTA"),
        content=content,
    )


@app.get("/api/configs/<mac>.json")
def device_config(mac):
    return flask.send_file(path_of(mac), mimetype="application/json")


@app.get("/api/configs/<mac>")
def config(mac):
    with open(path_of(mac)) as file:
        return answer(mac, json.load(file))


@app.put("/api/configs/<mac>")
def save(mac):
    content = flask.request.get_json()["content"]
    temporary = f"{path_of(mac)}.{os.urandom(8).hex()}"
    with open(temporary, "w") as file:
        json.dump(content, file, separators=(",", ":"))
    os.replace(temporary, path_of(mac))
    mqtt.publish("iotsupport/updates/configs", json.dumps({"filename": f"{mac}.json"}), qos=1)
    return answer(mac, content)


logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # A line per request that waits: that would cost it.
mqtt.username_pw_set(username, password)
mqtt.connect("127.0.0.1", int(broker_port))
mqtt.loop_start()
waitress.serve(app, host="127.0.0.1", port=int(port), threads=16)
