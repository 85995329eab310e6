/** A word the plan editor shows, and what it means. */
export interface Term {
  title: string;
  /** One sentence. */
  text: string;
}

const terms = {
  backbone: {
    title: 'Backbone',
    text: 'The pretrained part of the network, which turns an image into features.',
  },
  head: {
    title: 'Head',
    text: 'The new last layers, which turn the features of the backbone into your classes and start from random weights.',
  },
  block: {
    title: 'Block',
    text: 'A group of neighbouring layers that are frozen and unfrozen together.',
  },
  layer: {
    title: 'Layer',
    text: 'One step of the computation, such as a convolution, with weights of its own or none.',
  },
  frozen: {
    title: 'Frozen',
    text: 'Weights that stay exactly as they were pretrained, bit for bit, however long the training runs.',
  },
  trains: {
    title: 'Trains',
    text: 'The weights are unfrozen and follow your images at their learning rate.',
  },
  mixed: {
    title: 'Mixed',
    text: 'Some layers of this block are frozen and others train.',
  },
  learningRate: {
    title: 'Learning rate',
    text: 'How far each training step moves the weights: too high destroys what they know, too low changes nothing.',
  },
  headLearningRate: {
    title: 'Learning rate of the head',
    text: 'The rate of the new layers, usually ten times that of pretrained ones because they have everything to learn.',
  },
  spread: {
    title: 'Spread',
    text: 'Gives the unfrozen blocks rates that grow by the same factor from the first to the last.',
  },
  batchNorm: {
    title: 'Batch normalization',
    text: 'Layers that bring features to a common scale with statistics gathered from images.',
  },
  locked: {
    title: 'Locked',
    text: 'Batch normalization keeps its scale, its offset and its statistics, even in unfrozen blocks.',
  },
  affine: {
    title: 'Affine',
    text: 'Unfrozen batch normalization learns a new scale and offset but keeps its pretrained statistics.',
  },
  adapt: {
    title: 'Adapt',
    text: 'Unfrozen batch normalization also gathers new statistics, which suits different images and large batches.',
  },
  phase: {
    title: 'Phase',
    text: 'A stretch of epochs in which the same blocks train, with learning rates and a schedule of its own.',
  },
  restoreBest: {
    title: 'Start from the best',
    text: 'A phase begins with the weights of the epoch with the least validation loss so far, not with the last ones.',
  },
  schedule: {
    title: 'Schedule',
    text: 'How all learning rates of a phase rise and fall together from step to step.',
  },
  constant: {
    title: 'Constant',
    text: 'A schedule that leaves the learning rates as they are.',
  },
  cosine: {
    title: 'Cosine',
    text: 'A schedule that lets the learning rates fall slowly, then faster and slowly again, to nothing at the end.',
  },
  oneCycle: {
    title: 'One-cycle',
    text: 'A schedule that starts low, climbs to the full learning rates in the first part and falls to almost nothing.',
  },
  slantedTriangle: {
    title: 'Slanted triangle',
    text: 'A schedule that climbs quickly to the full learning rates and then falls slowly, in straight lines.',
  },
  reduceOnPlateau: {
    title: 'Reduce on plateau',
    text: 'A schedule that lowers the learning rates whenever the validation loss has not improved for some epochs.',
  },
  warmUp: {
    title: 'Warm-up',
    text: 'First steps with tiny, rising learning rates, so that a random head does not shake the pretrained weights.',
  },
  gradualUnfreezing: {
    title: 'Gradual unfreezing',
    text: 'One block more trains in each phase, from the last one downwards, so that the first layers move least.',
  },
  discriminativeRates: {
    title: 'Discriminative rates',
    text: 'Lower learning rates for earlier blocks, whose general features need less change than those near the head.',
  },
  linearProbe: {
    title: 'Linear probe',
    text: 'A head trained on the features of a frozen backbone, which shows how good they are as they stand.',
  },
  epoch: {
    title: 'Epoch',
    text: 'One pass over all training images, followed by a look at the validation images.',
  },
  step: {
    title: 'Step',
    text: 'One update of the weights, made from one batch of images.',
  },
  batchSize: {
    title: 'Batch size',
    text: 'How many images are looked at before the weights are changed once.',
  },
  optimizer: {
    title: 'Optimizer',
    text: 'The rule by which the slope of the loss becomes a change of the weights.',
  },
  adam: {
    title: 'Adam',
    text: 'An optimizer that adapts its steps to each weight and forgives a learning rate that is not quite right.',
  },
  sgd: {
    title: 'SGD',
    text: 'Stochastic gradient descent: plain steps down the slope of the loss, which need a well-chosen learning rate.',
  },
  momentum: {
    title: 'Momentum',
    text: 'The share of the last change that SGD carries into the next one, which evens out its path.',
  },
  dropout: {
    title: 'Dropout',
    text: 'The share of features that are left out at random in each step so that the head relies on no single one.',
  },
  l2: {
    title: 'L2 penalty',
    text: 'A cost on large weights in the head, which keeps it from learning a few images by heart.',
  },
  augmentation: {
    title: 'Augmentation',
    text: 'Random changes of frame, angle and colours, so that the network hardly sees the same training image twice.',
  },
  classWeights: {
    title: 'Class weights',
    text: 'Factors that let an image of a rare class count more in the loss than one of a common class.',
  },
  earlyStopping: {
    title: 'Early stopping',
    text: 'Ends a phase when the validation loss has not improved for a number of epochs.',
  },
  training: {
    title: 'Training images',
    text: 'The images the weights learn from.',
  },
  validation: {
    title: 'Validation',
    text: 'Images held out from training, which show after every epoch how well the network does on what it has not seen.',
  },
  test: {
    title: 'Test',
    text: 'Images that neither training nor any decision has seen, for one honest last measurement.',
  },
  loss: {
    title: 'Loss',
    text: 'How wrong and how sure the answers are, as cross-entropy: the lower the better.',
  },
  accuracy: {
    title: 'Accuracy',
    text: 'The share of images whose most likely class is the right one.',
  },
  interval: {
    title: 'Interval',
    text: 'The range that holds the true accuracy with 95 % confidence, given how few images measured it.',
  },
  movement: {
    title: 'Movement',
    text: 'How far the weights of a block have gone from where they started, relative to their size.',
  },
  freezeProof: {
    title: 'Freeze proof',
    text: 'After training, every frozen tensor is compared bit for bit with the model it came from.',
  },
  features: {
    title: 'Cached features',
    text: 'What the frozen layers make of each image, computed once and kept, so that later epochs are fast.',
  },
  quadrant: {
    title: 'Quadrant',
    text: 'One of four recommendations, chosen by how much data there is and how similar it is to the original images.',
  },
  dataAmount: {
    title: 'Amount of data',
    text: 'Judged by the images in the smallest class: 500 and more are high, provided there are 1,000 in all.',
  },
  similarity: {
    title: 'Similarity',
    text: 'How much your images resemble those the network was pretrained on.',
  },
  featureExtractor: {
    title: 'Fixed feature extractor',
    text: 'The whole backbone stays frozen and only the new head trains.',
  },
  fineTune: {
    title: 'Fine-tune',
    text: 'The head trains first, then the last blocks or all of them follow at lower learning rates.',
  },
  plainStart: {
    title: 'Plain start',
    text: 'All blocks train from the first epoch on, with the published weights as nothing but a good start.',
  },
  seed: {
    title: 'Seed',
    text: 'The number all random choices come from, so that the same plan gives the same result again.',
  },
  inputRange: {
    title: 'Input range',
    text: 'The scale of pixel values the network was pretrained with, without which its features are worthless.',
  },
  resize: {
    title: 'Resize',
    text: 'How an image is brought to the size of the network: cropped, padded with black or stretched.',
  },
  channels: {
    title: 'Channels',
    text: 'Whether the network sees the images in colour or in shades of gray.',
  },
  smoothing: {
    title: 'Smoothing',
    text: 'Draws a running mean over the noisy curve of single steps, which stays visible behind it.',
  },
  logScale: {
    title: 'Log scale',
    text: 'Draws equal ratios at equal heights, so that late, small improvements of the loss can be seen.',
  },
  parameters: {
    title: 'Parameters',
    text: 'The number of weights, of which only those that are unfrozen can change.',
  },
  outputShape: {
    title: 'Output shape',
    text: 'Height, width and channels of what a layer passes on for one image.',
  },
  checkpoint: {
    title: 'Checkpoint',
    text: 'The state of a training on disk after each epoch, from which it continues as if it had never stopped.',
  },
  engine: {
    title: 'Engine',
    text: 'The program that does the arithmetic: portable runs everywhere, native is faster where it can be installed.',
  },
} as const satisfies Record<string, Term>;

export type TermId = keyof typeof terms;

/** Every term the plan editor explains, by its id. */
export const TERMS: Readonly<Record<TermId, Term>> = terms;
