"""The other side of the benchmark: the same network, weights and images in Keras.

    python peer.py version
    python peer.py STAGE FOLDER REPETITIONS

Prints the result as one line of JSON, the last of its output, in the form of StageResult in measurement.ts.
Stages: forward, head, lastBlock, lastThird, lastTwoThirds, all, and allAdapting, which is `all` as Keras trains by itself: with the statistics of
the batch. The other stages train with those in the network, as Thaw does; since `fit` would use the batch's
(https://github.com/keras-team/keras/issues/20285), they are compiled steps of their own. Keras keeps no features
between steps, so stages with frozen layers compute them in every step.
"""

import json
import math
import os
import resource
import struct
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

LEARNING_RATE = 1e-4
WARM_UP_RUNS = 2


def version():
    return f"Keras {keras.__version__}, TensorFlow {tf.__version__}"


def read_tensors(path):
    """Tensors of a safetensors file by name; all are float32."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        start, end = (offset + 8 + length for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[start:end], "<f4").reshape(entry["shape"])
    return tensors


def build(images, classes):
    """MobileNetV2 with a pooled output, and a head on it that gives logits."""
    base = keras.applications.MobileNetV2(input_shape=images.shape[1:], include_top=False, weights=None, pooling="avg")
    logits = keras.layers.Dense(classes, name="head_dense")(base.output)
    return base, keras.Model(base.input, logits)


def assign(model, tensors):
    """Gives every layer the weights of its name. Their order in a layer is the same on both sides."""
    used = 0
    for layer in model.layers:
        values = [tensor for name, tensor in tensors.items() if name.split("/")[0] == layer.name]
        if layer.weights:
            layer.set_weights(values)
        used += len(values)
    if used != len(tensors):
        raise ValueError(f"{len(tensors) - used} tensors belong to no layer")


def freeze(model, stage):
    """Leaves trainable what the stage trains, and returns its variables."""
    first_block = {"lastBlock": 16, "lastThird": 11, "lastTwoThirds": 6}.get(stage)
    starts = ("head_dense",) if stage == "head" else None
    if first_block is not None:
        blocks = tuple(f"block_{number}_" for number in range(first_block, 17))
        starts = (*blocks, "Conv_1", "out_relu", "head_dense")
    for layer in model.layers:
        layer.trainable = starts is None or layer.name.startswith(starts)
    return model.trainable_variables


def training_step(model, variables, adapting):
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=adapting))
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return step


def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(stage, folder, repetitions):
    tensors = read_tensors(os.path.join(folder, "network.safetensors"))
    images = tensors.pop("images")
    classes = tensors["head_dense/bias"].shape[0]
    labels = np.arange(len(images), dtype=np.int32) % classes
    base, model = build(images, classes)
    assign(model, tensors)
    check = []
    if stage == "forward":
        compiled = tf.function(lambda batch: base(batch, training=False))

        def run():
            features = compiled(tf.constant(images)).numpy().astype(np.float64)
            if not check:
                check.extend([float(features.mean()), math.sqrt(float((features**2).mean()))])

    else:
        step = training_step(model, freeze(model, stage), stage == "allAdapting")

        def run():
            loss = float(step(tf.constant(images), tf.constant(labels)))
            if len(check) < 2:
                check.append(loss)

    for _ in range(WARM_UP_RUNS):
        run()
    milliseconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        run()
        milliseconds.append(1000 * (time.perf_counter() - started) / len(images))
    return {
        "stage": stage,
        "milliseconds": milliseconds,
        "peakBytes": peak_bytes(),
        "check": check,
        "version": version(),
    }


if __name__ == "__main__":
    if sys.argv[1] == "version":
        print(json.dumps({"version": version(), "python": sys.version.split()[0]}))
    else:
        print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
