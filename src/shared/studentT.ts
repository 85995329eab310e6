/**
 * The probability that Student's t with this whole number of degrees of freedom lies between -t and t, by the finite
 * sums for whole degrees (Abramowitz and Stegun 26.7.3 and 26.7.4).
 *
 * @param t not negative
 */
export function studentTCentral(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let series = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    series += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * series) : Math.sin(angle) * series;
}

/**
 * The t for which `studentTCentral` is `central` (0 < central < 1), by halving: how many standard errors an interval of
 * this confidence reaches to each side.
 */
export function studentTReach(central: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (studentTCentral(high, degrees) < central) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (studentTCentral(middle, degrees) < central) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
