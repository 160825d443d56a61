namespace Larder.Sources.Files;

/// <summary>One line of a .gitignore file, taken apart as git does it (dir.c, <c>parse_path_pattern</c>).</summary>
internal sealed class ExcludePattern
{
    private readonly byte[] pattern;
    private readonly int literalBytes;
    private readonly bool directoriesOnly;
    private readonly bool nameOnly;
    private readonly bool isSuffix;

    private ExcludePattern(ReadOnlySpan<byte> line)
    {
        if (line[0] == (byte)'!')
        {
            IsReinclude = true;
            line = line[1..];
        }
        if (line.EndsWith("/"u8))
        {
            directoriesOnly = true;
            line = line[..^1];
        }
        nameOnly = !line.Contains((byte)'/');
        isSuffix = line.StartsWith("*"u8) && LiteralLength(line[1..]) == line.Length - 1;
        if (line.StartsWith("/"u8))
        {
            line = line[1..];
        }
        pattern = line.ToArray();
        literalBytes = LiteralLength(line);
    }

    /// <summary>Whether a match takes the path back in.</summary>
    public bool IsReinclude { get; }

    /// <summary>Null for a comment or an empty line.</summary>
    public static ExcludePattern? Parse(ReadOnlySpan<byte> line)
    {
        line = WithoutTrailingSpaces(line);
        return line.IsEmpty || line[0] == (byte)'#' ? null : new ExcludePattern(line);
    }

    /// <param name="path">Relative to the folder that the patterns belong to.</param>
    public bool Matches(ReadOnlySpan<byte> path, bool isDirectory)
    {
        if (directoriesOnly && !isDirectory)
        {
            return false;
        }
        if (nameOnly)
        {
            var name = path[(path.LastIndexOf((byte)'/') + 1)..];
            return literalBytes == pattern.Length ? name.SequenceEqual(pattern)
                : isSuffix ? name.EndsWith(pattern.AsSpan(1))
                : WildMatch.IsMatch(pattern, name, isPath: false);
        }
        if (!path.StartsWith(pattern.AsSpan(0, literalBytes)))
        {
            return false;
        }
        return WildMatch.IsMatch(pattern.AsSpan(literalBytes), path[literalBytes..], isPath: true);
    }

    private static int LiteralLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && !WildMatch.IsSpecial(text[length]))
        {
            length++;
        }
        return length;
    }

    private static ReadOnlySpan<byte> WithoutTrailingSpaces(ReadOnlySpan<byte> line)
    {
        var end = line.Length;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == (byte)' ')
            {
                end = Math.Min(end, i);
                continue;
            }
            if (line[i] == (byte)'\\')
            {
                i++; // What is escaped stays, a space too.
                if (i == line.Length)
                {
                    return line;
                }
            }
            end = line.Length;
        }
        return line[..end];
    }
}
