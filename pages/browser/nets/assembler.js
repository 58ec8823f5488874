// WebAssembly's binary format, as much of it as simd.js needs: functions that write expressions as lists of bytes, operands first.
// The opcodes are those of https://webassembly.github.io/spec/core/binary/instructions.html

export const I32 = 0x7f, V128 = 0x7b;
const FUNC = 0x60, EMPTY = 0x40, END = 0x0b, SIMD = 0xfd;

/** An unsigned number, seven bits a byte (LEB128). */
const unsigned = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)]);
/** The same, signed. */
const signed = (n) => (n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)]);
const float = (v) => [...new Uint8Array(Float32Array.of(v).buffer)];
const text = (words) => list([...words].map((letter) => [letter.charCodeAt(0)]));
const list = (items) => [...unsigned(items.length), ...items.flat()];
const sized = (bytes) => [...unsigned(bytes.length), ...bytes];

const plain = (opcode) => (...operands) => [...operands.flat(), opcode];
const simd = (opcode) => (...operands) => [...operands.flat(), SIMD, ...unsigned(opcode)];

export const get = (local) => [0x20, local];
export const set = (local, value) => [...value, 0x21, local];
export const call = (index, ...operands) => [...operands.flat(), 0x10, index];
export const integer = (n) => [0x41, ...signed(n)];
export const plus = plain(0x6a), isLess = plain(0x48); // of integers

/** The body once, and again as long as the condition holds at its end. */
export const loop = (body, condition) => [0x03, EMPTY, ...body.flat(), ...condition, 0x0d, 0, END];

// Four numbers at once: v128. An address may have an offset in bytes; float32 lie at multiples of 4 (2 is its logarithm).
export const load = (address, offset = 0) => [...address, SIMD, 0x00, 2, ...unsigned(offset)];
export const loadSame = (address) => [...address, SIMD, 0x09, 2, 0]; // one number, four times
export const store = (address, value, offset = 0) => [...address, ...value, SIMD, 0x0b, 2, ...unsigned(offset)];
export const same = (v) => [0x43, ...float(v), SIMD, 0x13]; // a constant, four times
export const add = simd(0xe4), sub = simd(0xe5), mul = simd(0xe6), div = simd(0xe7), min = simd(0xe8), max = simd(0xe9);
export const nearest = simd(0x6a), toIntegers = simd(0xf8);
export const shiftLeft = simd(0xab); // of four integers, by a number of bits

const section = (id, items) => [id, ...sized(list(items))];

/** The bytes of a module with a memory of so many pages, exported as `memory`, and functions {name: {parameters, results, locals, body}},
 *  which `call` knows by their place. */
export function assemble(functions, pages) {
  const all = Object.entries(functions);
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
    ...section(1, all.map(([, { parameters, results }]) => [FUNC, ...list(parameters), ...list(results)])),
    ...section(3, all.map((_, i) => unsigned(i))), // the type of each
    ...section(5, [[0, ...unsigned(pages)]]), // the memory
    ...section(7, [[...text("memory"), 2, 0], ...all.map(([name], i) => [...text(name), 0, i])]),
    ...section(10, all.map(([, { locals, body }]) => sized([...list(locals.map((type) => [1, type])), ...body.flat(), END]))),
  ]);
}
