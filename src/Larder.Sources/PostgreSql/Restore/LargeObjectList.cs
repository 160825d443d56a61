using System.Runtime.CompilerServices;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>The list of large objects in a dump: a line <c>OID FILE</c> for each.</summary>
internal static class LargeObjectList
{
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
