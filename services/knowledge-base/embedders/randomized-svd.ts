import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";

/** A sparse matrix by rows: row i holds columns[start[i]..start[i+1]] with the values of the same places. */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly value: Float32Array;
}

/** Directions of the column space, row-major: `columns` rows of `rank` numbers. */
export interface RightFactors {
  readonly rank: number;
  readonly factors: Float32Array;
  readonly singularValues: Float32Array;
}

/** Power iterations; two bring the leading directions within a per cent of the exact ones on text. */
const iterations = 2;
const oversampling = 12;

/**
 * Leading right singular vectors of a sparse matrix by randomised subspace iteration (Halko, Martinsson and Tropp,
 * "Finding structure with randomness", SIAM Review 2011, algorithm 4.4). Deterministic for a seed.
 * @param rank Directions wanted; fewer come back where the matrix has a lower rank.
 */
export function rightSingularVectors(matrix: SparseRows, rank: number, seed = 1): RightFactors {
  const width = Math.min(rank + oversampling, matrix.rows, matrix.columns);
  let left = multiply(matrix, gaussian(matrix.columns, width, seed), width);
  orthonormalise(left, matrix.rows, width);
  let right = multiplyTransposed(matrix, left, width);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    orthonormalise(right, matrix.columns, width);
    left = multiply(matrix, right, width);
    orthonormalise(left, matrix.rows, width);
    right = multiplyTransposed(matrix, left, width);
  }
  return rotate(right, matrix.columns, width, Math.min(rank, width));
}

/** B = Qᵀ A is small in one dimension: the eigenvectors of B Bᵀ turn its rows into singular directions. */
function rotate(right: Float32Array, columns: number, width: number, rank: number): RightFactors {
  const eigen = new EigenvalueDecomposition(gram(right, columns, width), { assumeSymmetric: true });
  const order = eigen.realEigenvalues
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value)
    .slice(0, rank)
    .filter(({ value }, _, [first]) => value > 1e-9 * (first?.value ?? 0));
  const vectors = eigen.eigenvectorMatrix;
  const kept = order.length;
  const turn = new Float32Array(width * kept);
  order.forEach(({ value, index }, place) => {
    for (let i = 0; i < width; i += 1) turn[i * kept + place] = vectors.get(i, index) / Math.sqrt(value);
  });
  return {
    rank: kept,
    factors: timesSmall(right, columns, width, turn, kept),
    singularValues: Float32Array.from(order, ({ value }) => Math.sqrt(value)),
  };
}

function multiply(matrix: SparseRows, dense: Float32Array, width: number): Float32Array {
  const out = new Float32Array(matrix.rows * width);
  for (let row = 0; row < matrix.rows; row += 1) {
    const to = row * width;
    for (let at = matrix.start[row] as number; at < (matrix.start[row + 1] as number); at += 1) {
      const value = matrix.value[at] as number;
      const from = (matrix.column[at] as number) * width;
      for (let k = 0; k < width; k += 1) out[to + k] = (out[to + k] as number) + value * (dense[from + k] as number);
    }
  }
  return out;
}

function multiplyTransposed(matrix: SparseRows, dense: Float32Array, width: number): Float32Array {
  const out = new Float32Array(matrix.columns * width);
  for (let row = 0; row < matrix.rows; row += 1) {
    const from = row * width;
    for (let at = matrix.start[row] as number; at < (matrix.start[row + 1] as number); at += 1) {
      const value = matrix.value[at] as number;
      const to = (matrix.column[at] as number) * width;
      for (let k = 0; k < width; k += 1) out[to + k] = (out[to + k] as number) + value * (dense[from + k] as number);
    }
  }
  return out;
}

/** The width x width matrix of inner products of the columns. */
function gram(dense: Float32Array, rows: number, width: number): Matrix {
  const sums = new Float64Array(width * width);
  for (let row = 0; row < rows; row += 1) {
    const from = row * width;
    for (let i = 0; i < width; i += 1) {
      const value = dense[from + i] as number;
      if (value === 0) continue;
      for (let j = i; j < width; j += 1) {
        sums[i * width + j] = (sums[i * width + j] as number) + value * (dense[from + j] as number);
      }
    }
  }
  const out = Matrix.zeros(width, width);
  for (let i = 0; i < width; i += 1) {
    for (let j = i; j < width; j += 1) {
      out.set(i, j, sums[i * width + j] as number);
      out.set(j, i, sums[i * width + j] as number);
    }
  }
  return out;
}

/** Makes the columns orthonormal in place by Cholesky of XᵀX, or by its eigenvectors where the columns depend on each other. */
function orthonormalise(dense: Float32Array, rows: number, width: number): void {
  const inner = gram(dense, rows, width);
  dense.set(timesSmall(dense, rows, width, inverseCholesky(inner) ?? inverseRoot(inner), width));
}

/** The inverse of R in XᵀX = RᵀR, row-major; undefined when a pivot is too small to divide by. */
function inverseCholesky(inner: Matrix): Float32Array | undefined {
  const width = inner.rows;
  const lower = new CholeskyDecomposition(inner);
  if (!lower.isPositiveDefinite()) return undefined;
  const l = lower.lowerTriangularMatrix;
  const largest = Math.max(...Array.from({ length: width }, (_, i) => l.get(i, i)));
  if (Array.from({ length: width }, (_, i) => l.get(i, i)).some((pivot) => pivot < 1e-4 * largest)) return undefined;
  const out = new Float32Array(width * width);
  for (let column = 0; column < width; column += 1) {
    out[column * width + column] = 1 / l.get(column, column);
    for (let row = column - 1; row >= 0; row -= 1) {
      let sum = 0;
      for (let k = row + 1; k <= column; k += 1) sum += l.get(k, row) * (out[k * width + column] as number);
      out[row * width + column] = -sum / l.get(row, row);
    }
  }
  return out;
}

function inverseRoot(inner: Matrix): Float32Array {
  const width = inner.rows;
  const eigen = new EigenvalueDecomposition(inner, { assumeSymmetric: true });
  const largest = Math.max(...eigen.realEigenvalues);
  const turn = new Float32Array(width * width);
  for (let place = 0; place < width; place += 1) {
    const value = eigen.realEigenvalues[place] as number;
    const scale = value > 1e-10 * largest ? 1 / Math.sqrt(value) : 0;
    for (let i = 0; i < width; i += 1) turn[i * width + place] = eigen.eigenvectorMatrix.get(i, place) * scale;
  }
  return turn;
}

function timesSmall(dense: Float32Array, rows: number, width: number, small: Float32Array, kept: number): Float32Array {
  const out = new Float32Array(rows * kept);
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < width; i += 1) {
      const value = dense[row * width + i] as number;
      if (value === 0) continue;
      for (let k = 0; k < kept; k += 1) {
        out[row * kept + k] = (out[row * kept + k] as number) + value * (small[i * kept + k] as number);
      }
    }
  }
  return out;
}

/** Standard normal numbers from a seeded generator (mulberry32 and Box-Muller), so that a model can be trained again the same. */
function gaussian(rows: number, width: number, seed: number): Float32Array {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const out = new Float32Array(rows * width);
  for (let at = 0; at < out.length; at += 1) {
    out[at] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  return out;
}
