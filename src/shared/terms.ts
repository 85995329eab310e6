import { t } from '@vscode/l10n';

/** A word the plan editor shows, and what it means. */
export interface Term {
  title: string;
  /** One sentence. */
  text: string;
}

const terms = {
  depthCurve: () => ({
    title: t('Depth curve'),
    text: t(
      'How many of your images the features of a block place beside images of their own class: where it falls towards the end, the last blocks are made for other images.',
    ),
  }),
  learningCurve: () => ({
    title: t('Learning curve'),
    text: t(
      'Accuracy by the number of images learned from: where it still rises at its end, more images help; where it is flat, they hardly do.',
    ),
  }),
  challenger: () => ({
    title: t('Challenger'),
    text: t(
      'Another plan that may serve your images as well as the recommended one: a trial of both, trained for a few epochs and judged on the same images, says which one to keep.',
    ),
  }),
  backbone: () => ({
    title: t('Backbone'),
    text: t('The pretrained part of the network, which turns an image into features.'),
  }),
  head: () => ({
    title: t('Head'),
    text: t(
      'The new last layers, which turn the features of the backbone into your classes and start from random weights.',
    ),
  }),
  block: () => ({
    title: t('Block'),
    text: t('A group of neighbouring layers that are frozen and unfrozen together.'),
  }),
  layer: () => ({
    title: t('Layer'),
    text: t('One step of the computation, such as a convolution, with weights of its own or none.'),
  }),
  frozen: () => ({
    title: t('Frozen'),
    text: t('Weights that stay exactly as they were pretrained, bit for bit, however long the training runs.'),
  }),
  trains: () => ({
    title: t('Trains'),
    text: t('The weights are unfrozen and follow your images at their learning rate.'),
  }),
  mixed: () => ({
    title: t('Mixed'),
    text: t('Some layers of this block are frozen and others train.'),
  }),
  learningRate: () => ({
    title: t('Learning rate'),
    text: t('How far each training step moves the weights: too high destroys what they know, too low changes nothing.'),
  }),
  headLearningRate: () => ({
    title: t('Learning rate of the head'),
    text: t(
      'The rate of the new layers, usually ten times that of pretrained ones because they have everything to learn.',
    ),
  }),
  spread: () => ({
    title: t('Spread'),
    text: t('Gives the unfrozen blocks rates that grow by the same factor from the first to the last.'),
  }),
  batchNorm: () => ({
    title: t('Batch normalization'),
    text: t('Layers that bring features to a common scale with statistics gathered from images.'),
  }),
  locked: () => ({
    title: t('Locked'),
    text: t('Batch normalization keeps its scale, its offset and its statistics, even in unfrozen blocks.'),
  }),
  affine: () => ({
    title: t('Affine'),
    text: t('Unfrozen batch normalization learns a new scale and offset but keeps its pretrained statistics.'),
  }),
  adapt: () => ({
    title: t('Adapt'),
    text: t(
      'Unfrozen batch normalization also gathers new statistics, which suits different images and large batches.',
    ),
  }),
  phase: () => ({
    title: t('Phase'),
    text: t('A stretch of epochs in which the same blocks train, with learning rates and a schedule of its own.'),
  }),
  restoreBest: () => ({
    title: t('Start from the best'),
    text: t(
      'A phase begins with the weights of the epoch with the least validation loss so far, not with the last ones.',
    ),
  }),
  runChange: () => ({
    title: t('Changes of a run'),
    text: t('Freezing and learning rates may be changed while a run trains; everything else stays as it began.'),
  }),
  schedule: () => ({
    title: t('Schedule'),
    text: t('How all learning rates of a phase rise and fall together from step to step.'),
  }),
  constant: () => ({
    title: t('Constant'),
    text: t('A schedule that leaves the learning rates as they are.'),
  }),
  cosine: () => ({
    title: t('Cosine'),
    text: t(
      'A schedule that lets the learning rates fall slowly, then faster and slowly again, to nothing at the end.',
    ),
  }),
  oneCycle: () => ({
    title: t('One-cycle'),
    text: t(
      'A schedule that starts low, climbs to the full learning rates in the first part and falls to almost nothing.',
    ),
  }),
  slantedTriangle: () => ({
    title: t('Slanted triangle'),
    text: t('A schedule that climbs quickly to the full learning rates and then falls slowly, in straight lines.'),
  }),
  reduceOnPlateau: () => ({
    title: t('Reduce on plateau'),
    text: t('A schedule that lowers the learning rates whenever the validation loss has not improved for some epochs.'),
  }),
  warmUp: () => ({
    title: t('Warm-up'),
    text: t(
      'First steps with tiny, rising learning rates, so that a random head does not shake the pretrained weights.',
    ),
  }),
  gradualUnfreezing: () => ({
    title: t('Gradual unfreezing'),
    text: t('One block more trains in each phase, from the last one downwards, so that the first layers move least.'),
  }),
  discriminativeRates: () => ({
    title: t('Discriminative rates'),
    text: t(
      'Lower learning rates for earlier blocks, whose general features need less change than those near the head.',
    ),
  }),
  linearProbe: () => ({
    title: t('Linear probe'),
    text: t('A head trained on the features of a frozen backbone, which shows how good they are as they stand.'),
  }),
  epoch: () => ({
    title: t('Epoch'),
    text: t('One pass over all training images, followed by a look at the validation images.'),
  }),
  step: () => ({
    title: t('Step'),
    text: t('One update of the weights, made from one batch of images.'),
  }),
  batchSize: () => ({
    title: t('Batch size'),
    text: t('How many images are looked at before the weights are changed once.'),
  }),
  optimizer: () => ({
    title: t('Optimizer'),
    text: t('The rule by which the slope of the loss becomes a change of the weights.'),
  }),
  adam: () => ({
    title: t('Adam'),
    text: t('An optimizer that adapts its steps to each weight and forgives a learning rate that is not quite right.'),
  }),
  sgd: () => ({
    title: t('SGD'),
    text: t(
      'Stochastic gradient descent: plain steps down the slope of the loss, which need a well-chosen learning rate.',
    ),
  }),
  adamw: () => ({
    title: t('AdamW'),
    text: t('Adam with weights that shrink a little in every step, apart from what the gradients say.'),
  }),
  rmsprop: () => ({
    title: t('RMSprop'),
    text: t('An optimizer that divides every step by the usual size of its gradients.'),
  }),
  weightDecay: () => ({
    title: t('Weight decay'),
    text: t('Shrinks kernels by this times their learning rate in every step, which keeps them small.'),
  }),
  clipNorm: () => ({
    title: t('Gradient clipping'),
    text: t('Shortens steps whose gradients are longer than this together, so that one odd batch cannot do much harm.'),
  }),
  momentum: () => ({
    title: t('Momentum'),
    text: t('The share of the last change that SGD carries into the next one, which evens out its path.'),
  }),
  dropout: () => ({
    title: t('Dropout'),
    text: t('The share of features that are left out at random in each step so that the head relies on no single one.'),
  }),
  l2: () => ({
    title: t('L2 penalty'),
    text: t('A cost on large weights, which keeps the network from learning a few images by heart.'),
  }),
  labelSmoothing: () => ({
    title: t('Label smoothing'),
    text: t('Spreads this share of every label over all classes, so that the network does not become too sure.'),
  }),
  sampling: () => ({
    title: t('Sampling'),
    text: t('Which images an epoch takes: each once, or as many of every class, those of small classes several times.'),
  }),
  preset: () => ({
    title: t('Preset'),
    text: t('A recipe of phases and learning rates that has a name and a source.'),
  }),
  augmentation: () => ({
    title: t('Augmentation'),
    text: t(
      'Random changes of frame, angle and colours, so that the network hardly sees the same training image twice.',
    ),
  }),
  augmentFlip: () => ({
    title: t('Mirror'),
    text: t('Mirrors every second image from left to right, which is wrong for letters and digits.'),
  }),
  augmentCrop: () => ({
    title: t('Crop'),
    text: t('Cuts away up to this share of height and width, at a random place.'),
  }),
  augmentRotate: () => ({
    title: t('Rotate'),
    text: t('Turns images by up to so many degrees to either side.'),
  }),
  augmentColor: () => ({
    title: t('Change colours'),
    text: t('Changes brightness, contrast and saturation by up to this share of each.'),
  }),
  augmentErase: () => ({
    title: t('Erase'),
    text: t('Covers a rectangle of up to this share of the image, so that no single detail is relied on.'),
  }),
  classWeights: () => ({
    title: t('Class weights'),
    text: t('Factors that let an image of a rare class count more in the loss than one of a common class.'),
  }),
  earlyStopping: () => ({
    title: t('Early stopping'),
    text: t('Ends a phase when the validation loss has not improved for a number of epochs.'),
  }),
  training: () => ({
    title: t('Training images'),
    text: t('The images the weights learn from.'),
  }),
  validation: () => ({
    title: t('Validation'),
    text: t(
      'Images held out from training, which show after every epoch how well the network does on what it has not seen.',
    ),
  }),
  test: () => ({
    title: t('Test'),
    text: t('Images that neither training nor any decision has seen, for one honest last measurement.'),
  }),
  loss: () => ({
    title: t('Loss'),
    text: t('How wrong and how sure the answers are, as cross-entropy: the lower the better.'),
  }),
  accuracy: () => ({
    title: t('Accuracy'),
    text: t('The share of images whose most likely class is the right one.'),
  }),
  interval: () => ({
    title: t('Interval'),
    text: t('The range that holds the true accuracy with 95 % confidence, given how few images measured it.'),
  }),
  movement: () => ({
    title: t('Movement'),
    text: t('How far the weights of a block have gone from where they started, relative to their size.'),
  }),
  freezeProof: () => ({
    title: t('Freeze proof'),
    text: t('After training, every frozen tensor is compared bit for bit with the model it came from.'),
  }),
  features: () => ({
    title: t('Cached features'),
    text: t('What the frozen layers make of each image, computed once and kept, so that later epochs are fast.'),
  }),
  quadrant: () => ({
    title: t('Quadrant'),
    text: t(
      'One of four recommendations, chosen by how much data there is and how similar it is to the original images.',
    ),
  }),
  dataAmount: () => ({
    title: t('Amount of data'),
    text: t('Judged by the images in the smallest class: 500 and more are high, provided there are 1,000 in all.'),
  }),
  similarity: () => ({
    title: t('Similarity'),
    text: t('How much your images resemble those the network was pretrained on.'),
  }),
  featureExtractor: () => ({
    title: t('Fixed feature extractor'),
    text: t('The whole backbone stays frozen and only the new head trains.'),
  }),
  fineTune: () => ({
    title: t('Fine-tune'),
    text: t('The head trains first, then the last blocks or all of them follow at lower learning rates.'),
  }),
  plainStart: () => ({
    title: t('Plain start'),
    text: t('All blocks train from the first epoch on, with the published weights as nothing but a good start.'),
  }),
  seed: () => ({
    title: t('Seed'),
    text: t('The number all random choices come from, so that the same plan gives the same result again.'),
  }),
  inputRange: () => ({
    title: t('Input range'),
    text: t('The scale of pixel values the network was pretrained with, without which its features are worthless.'),
  }),
  resize: () => ({
    title: t('Resize'),
    text: t('How an image is brought to the size of the network: cropped, padded with black or stretched.'),
  }),
  channels: () => ({
    title: t('Channels'),
    text: t('Whether the network sees the images in colour or in shades of gray.'),
  }),
  smoothing: () => ({
    title: t('Smoothing'),
    text: t('Draws a running mean over the noisy curve of single steps, which stays visible behind it.'),
  }),
  logScale: () => ({
    title: t('Log scale'),
    text: t('Draws equal ratios at equal heights, so that late, small improvements of the loss can be seen.'),
  }),
  parameters: () => ({
    title: t('Parameters'),
    text: t('The number of weights, of which only those that are unfrozen can change.'),
  }),
  outputShape: () => ({
    title: t('Output shape'),
    text: t('Height, width and channels of what a layer passes on for one image.'),
  }),
  cost: () => ({
    title: t('Predicted cost'),
    text: t(
      'What the phase with the most to train takes, from times of each layer that were measured on this machine with nothing else to do.',
    ),
  }),
  checkpoint: () => ({
    title: t('Checkpoint'),
    text: t('The state of a training on disk after each epoch, from which it continues as if it had never stopped.'),
  }),
  engine: () => ({
    title: t('Engine'),
    text: t(
      'The program that does the arithmetic: portable runs everywhere, native is faster where it can be installed, and a click shows both.',
    ),
  }),
} as const satisfies Record<string, () => Term>;

export type TermId = keyof typeof terms;

/** Every term the plan editor explains. */
export const TERM_IDS = Object.keys(terms) as readonly TermId[];

/** A term in the language of the user. */
export function termOf(id: TermId): Term {
  return terms[id]();
}
