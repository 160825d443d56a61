namespace Larder.Repository.Crypto;

/// <summary>
/// How hard a password is to try: scrypt takes <c>128 * N * R</c> bytes of memory, and time in proportion to <c>N * R * P</c>.
/// </summary>
/// <param name="N">A power of two above 1.</param>
/// <param name="R">Block size in units of 128 bytes.</param>
/// <param name="P">Independent passes, as many at once as <see cref="Scrypt"/> has room and cores for.</param>
public sealed record ScryptCost(int N, int R, int P)
{
    // A key file comes from storage, so a stranger may have chosen its numbers: these keep one attempt below about 1 GiB and
    // some minutes.
    private const long TableBytesMax = 1L << 30;
    private const long BlockBytesMax = 1L << 26;
    private const long WorkMax = 1L << 28;

    /// <summary>What Larder writes: 32 MiB a pass, and about 0.15 s on two cores of a server of 2025.</summary>
    public static ScryptCost Default { get; } = new(32768, 8, 4);

    /// <summary>A millisecond or two. Protects nothing; for tests that open many repositories.</summary>
    public static ScryptCost ForTests { get; } = new(1024, 8, 1);

    /// <summary>Whether scrypt is defined for these numbers at all.</summary>
    public bool IsDefined => N > 1 && int.IsPow2(N) && R > 0 && P > 0 && (long)R * P < 1 << 30;

    /// <summary>Whether this program is willing to spend so much.</summary>
    public bool IsAffordable =>
        IsDefined && TableBytes <= TableBytesMax && BlockBytes <= BlockBytesMax && (Int128)N * R * P <= WorkMax;

    /// <summary>The large table that gives scrypt its strength.</summary>
    internal Int128 TableBytes => (Int128)128 * N * R;

    /// <summary>What is needed beside the table: one block for each pass and two to work with.</summary>
    internal Int128 BlockBytes => (Int128)128 * R * ((long)P + 2);
}
