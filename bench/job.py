"""The whole job as a careful user of Keras writes it: images on disk to an evaluated model, features cached by hand.

    python job.py WEIGHTS DATA EPOCHS

WEIGHTS is a safetensors file with the weights of MobileNetV2 0.35 by the names of Keras; DATA holds train/ and test/ with
a folder a class. A fifth of the training images of each class validates. The network's features are computed once, then a
head with dropout trains on them, and the test images are judged. Prints one line of JSON.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from peer import peak_bytes, read_tensors, version

SIZE = 224
BATCH = 16
VALIDATION = 0.2


def listing(folder, classes):
    files, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            files.append(os.path.join(folder, name, file))
            labels.append(label)
    return files, np.array(labels)


def images(files):
    def load(path):
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(image, [SIZE, SIZE]) / 127.5 - 1.0

    data = tf.data.Dataset.from_tensor_slices(files)
    return data.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(32).prefetch(tf.data.AUTOTUNE)


def main(weights, data, epochs):
    classes = sorted(os.listdir(os.path.join(data, "train")))
    base = keras.applications.MobileNetV2(
        input_shape=(SIZE, SIZE, 3), alpha=0.35, include_top=False, weights=None, pooling="avg"
    )
    tensors = read_tensors(weights)
    for layer in base.layers:
        values = [tensor for name, tensor in tensors.items() if name.split("/")[0] == layer.name]
        if layer.weights:
            layer.set_weights(values)
    files, labels = listing(os.path.join(data, "train"), classes)
    features = base.predict(images(files), verbose=0)
    validates = np.zeros(len(labels), bool)
    random = np.random.default_rng(1)
    for label in range(len(classes)):
        own = np.flatnonzero(labels == label)
        validates[random.permutation(own)[: round(VALIDATION * len(own))]] = True
    head = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(len(classes), activation="softmax")])
    head.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(
        features[~validates],
        labels[~validates],
        validation_data=(features[validates], labels[validates]),
        epochs=epochs,
        batch_size=BATCH,
        verbose=0,
    )
    test_files, test_labels = listing(os.path.join(data, "test"), classes)
    predicted = head.predict(base.predict(images(test_files), verbose=0), verbose=0).argmax(1)
    right = int((predicted == test_labels).sum())
    result = {"right": right, "n": len(test_labels), "peakBytes": peak_bytes(), "version": version()}
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
