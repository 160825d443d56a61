using System.Globalization;
using System.Runtime.CompilerServices;
using Larder.Sources.Dumps;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>The list of large objects in a dump: a line <c>OID FILE</c> for each.</summary>
internal static class LargeObjectList
{
    /// <summary>Whether a stored file is a large object's content.</summary>
    public static bool IsObject(StoredFile file)
    {
        var name = file.Path.ToString();
        name = name[(name.LastIndexOf('/') + 1)..];
        return name.StartsWith("blob_", StringComparison.Ordinal) && name.EndsWith(".dat", StringComparison.Ordinal);
    }

    /// <summary>The objects in order. Fails with <see cref="SourceError.Damaged"/> for a line that is none.</summary>
    public static async IAsyncEnumerable<(uint Oid, string File)> ReadAsync(
        TextReader list, string listName, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await list.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return line.Split(' ') is [var number, var file] && !file.Contains('/', StringComparison.Ordinal)
                    && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var oid)
                        ? (oid, file)
                        : throw new SourceException(
                            SourceError.Damaged, $"The list of large objects {listName} has a line that is none: \"{line}\".");
            }
        }
    }
}
