using System.Globalization;
using System.Security.Cryptography;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>Names of collections that a restore makes beside the live ones, which nobody can take for their own.</summary>
internal sealed class TemporaryNames
{
    private const string Prefix = "larder-restore-";

    // Two restores at once do not write into the same collections.
    private readonly string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private int last;

    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{token}-{Interlocked.Increment(ref last)}");

    public static bool IsTemporary(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
