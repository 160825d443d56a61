using System.Numerics;

namespace Larder.Bench;

/// <summary>xoshiro256**: the same numbers on every machine and runtime, which System.Random does not promise.</summary>
internal sealed class Draw
{
    private ulong a;
    private ulong b;
    private ulong c;
    private ulong d;

    public Draw(ulong seed)
    {
        a = Mix(ref seed);
        b = Mix(ref seed);
        c = Mix(ref seed);
        d = Mix(ref seed);
    }

    public ulong Next()
    {
        var drawn = BitOperations.RotateLeft(b * 5, 7) * 9;
        var shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = BitOperations.RotateLeft(d, 45);
        return drawn;
    }

    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>Small numbers far more often than large ones, as words are used: about half of all draws lie in the first eighth.</summary>
    public int SkewedBelow(int bound)
    {
        var drawn = Next();
        var first = (uint)drawn;
        var second = (uint)(drawn >> 32);
        var product = ((ulong)first * second) >> 32;
        return (int)((((product * first) >> 32) * (ulong)bound) >> 32);
    }

    /// <summary>Standard normal, by Box and Muller.</summary>
    public double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - Unit())) * Math.Cos(2 * Math.PI * Unit());

    private double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
