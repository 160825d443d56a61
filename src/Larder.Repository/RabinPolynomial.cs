using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Larder.Repository;

/// <summary>
/// An irreducible polynomial over GF(2), degree 53. Larder cuts by other means; restic cuts with this one, and refuses a repository whose
/// polynomial is missing or reducible. Bit i is the coefficient of x^i. After M. O. Rabin, "Fingerprinting by Random Polynomials", 1981.
/// </summary>
public readonly record struct RabinPolynomial(ulong Coefficients)
{
    private const int Degree = 53;

    public static RabinPolynomial Random()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        while (true) // About one in 53 is irreducible, and half of those with a constant term of 1 are tried in vain: some 27 rounds.
        {
            RandomNumberGenerator.Fill(bytes);
            var candidate = (BitConverter.ToUInt64(bytes) & ((1UL << Degree) - 1)) | (1UL << Degree) | 1;
            if (new RabinPolynomial(candidate).IsIrreducible)
            {
                return new RabinPolynomial(candidate);
            }
        }
    }

    /// <summary>Ben-Or's test: f has no factor of degree i where gcd(f, x^(2^i) - x) is 1, for every i up to half its degree.</summary>
    public bool IsIrreducible
    {
        get
        {
            if (DegreeOf(Coefficients) != Degree)
            {
                return false;
            }
            const ulong x = 2;
            var power = x;
            for (var i = 1; i <= Degree / 2; i++)
            {
                power = MultiplyModulo(power, power, Coefficients);
                if (GreatestCommonDivisor(Coefficients, power ^ x) != 1)
                {
                    return false;
                }
            }
            return true;
        }
    }

    public static bool TryParse(string text, out RabinPolynomial polynomial)
    {
        var isHex = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var coefficients);
        polynomial = new RabinPolynomial(coefficients);
        return isHex;
    }

    /// <summary>Hex digits without a prefix, as <c>config</c> has it.</summary>
    public override string ToString() => Coefficients.ToString("x", CultureInfo.InvariantCulture);

    private static int DegreeOf(ulong polynomial) => 63 - BitOperations.LeadingZeroCount(polynomial);

    private static ulong Modulo(ulong polynomial, ulong divisor)
    {
        var degree = DegreeOf(divisor);
        while (polynomial != 0 && DegreeOf(polynomial) >= degree)
        {
            polynomial ^= divisor << (DegreeOf(polynomial) - degree);
        }
        return polynomial;
    }

    private static ulong MultiplyModulo(ulong left, ulong right, ulong modulus)
    {
        ulong product = 0;
        for (; right != 0; right >>= 1)
        {
            product ^= (right & 1) != 0 ? left : 0;
            left <<= 1;
            left ^= (left >> Degree) != 0 ? modulus : 0;
        }
        return product;
    }

    private static ulong GreatestCommonDivisor(ulong left, ulong right)
    {
        while (right != 0)
        {
            (left, right) = (right, Modulo(left, right));
        }
        return left;
    }
}
