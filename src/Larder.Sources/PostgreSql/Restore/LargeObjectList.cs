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

    /// <summary>The files' names, in order. Fails with <see cref="SourceError.Damaged"/> for a line that is none.</summary>
    public static async IAsyncEnumerable<string> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
        {
            if (line.Length > 0)
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                yield return space > 0 && !line.Contains('/', StringComparison.Ordinal) ? line[(space + 1)..] : throw new SourceException(
                    SourceError.Damaged, $"The list of large objects {Path.GetFileName(path)} has a line that is none: \"{line}\".");
            }
        }
    }
}
