using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Sources.MongoDb;

/// <summary>How files are named in mongodump's layout.</summary>
internal static class DumpNames
{
    public const string BsonSuffix = ".bson";
    public const string MetadataSuffix = ".metadata.json";
    public const string Oplog = "oplog.bson";
    public const string Prelude = "prelude.json";
    public const string BucketsPrefix = "system.buckets.";

    /// <summary>Collections of <c>admin</c> that hold the accounts.</summary>
    public static IReadOnlyList<string> Accounts { get; } = ["system.users", "system.roles", "system.version"];

    /// <summary>Before the name of an account collection in the folder of a single database.</summary>
    public const string AccountsPrefix = "$admin.";

    private const int NameBytesMax = 238; // 255, less the longest suffix of mongodump: .metadata.json.gz
    private const int KeptBytes = 208;

    /// <summary>A collection's name as a file's, without its suffix.</summary>
    public static string Escape(string collection)
    {
        var escaped = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(collection))
        {
            if (IsPlain(unit))
            {
                escaped.Append((char)unit);
            }
            else
            {
                escaped.Append('%').Append(unit.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }
        if (escaped.Length <= NameBytesMax)
        {
            return escaped.ToString();
        }
        // SHA-1 as mongodump has it: a name, not a protection. The whole name stands in the metadata.
        var hash = SHA1.HashData(Encoding.UTF8.GetBytes(collection));
        return $"{escaped.ToString(0, KeptBytes)}%24{Base64Url.EncodeToString(hash)}";
    }

    /// <summary>The collection's name of a file's, without its suffix. Of a shortened name it is only the beginning.</summary>
    public static string Unescape(string file) => Uri.UnescapeDataString(file);

    // mongodump 100.7 reads and writes a space as '+' and newer ones as %20, with '+' as itself. What all of them read alike is to escape
    // all but these.
    private static bool IsPlain(byte unit) =>
        char.IsAsciiLetterOrDigit((char)unit) || "-_.~".Contains((char)unit, StringComparison.Ordinal);
}
