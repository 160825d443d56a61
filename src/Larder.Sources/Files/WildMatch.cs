namespace Larder.Sources.Files;

/// <summary>
/// Shell patterns on bytes as git's wildmatch.c has them: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!…]</c>, <c>[[:digit:]]</c>, <c>\</c>
/// and, in paths, <c>**</c>.
/// It follows the original step by step, so that its odd corners are ours too; a property test compares both.
/// </summary>
internal static class WildMatch
{
    private enum Outcome
    {
        Match,
        NoMatch,

        /// <summary>The text is used up: no later start can match.</summary>
        AbortAll,

        /// <summary>A single star met a slash: only a <c>**</c> further left may go on.</summary>
        AbortToStarStar,
    }

    /// <param name="isPath">Whether '/' is special: matched by <c>**</c> only.</param>
    public static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text, bool isPath) =>
        Match(pattern, 0, text, isPath) == Outcome.Match;

    private static byte At(ReadOnlySpan<byte> text, int index) => (uint)index < (uint)text.Length ? text[index] : (byte)0;

    public static bool IsSpecial(byte symbol) => symbol is (byte)'*' or (byte)'?' or (byte)'[' or (byte)'\\';

    private static Outcome Match(ReadOnlySpan<byte> pattern, int start, ReadOnlySpan<byte> text, bool isPath)
    {
        var t = 0;
        for (var p = start; p < pattern.Length; p++, t++)
        {
            var symbol = pattern[p];
            var letter = At(text, t);
            if (letter == 0 && symbol != (byte)'*')
            {
                return Outcome.AbortAll;
            }
            switch (symbol)
            {
                case (byte)'?':
                    if (isPath && letter == (byte)'/')
                    {
                        return Outcome.NoMatch;
                    }
                    continue;

                case (byte)'*':
                    p++;
                    var crossesSlash = !isPath;
                    if (At(pattern, p) == (byte)'*')
                    {
                        var before = p - 2;
                        while (At(pattern, p) == (byte)'*')
                        {
                            p++;
                        }
                        var next = At(pattern, p);
                        if (isPath
                            && (before < start || pattern[before] == (byte)'/')
                            && (next is 0 or (byte)'/' || (next == (byte)'\\' && At(pattern, p + 1) == (byte)'/')))
                        {
                            // "a/**/b" also matches "a/b": try with the stars standing for nothing.
                            if (next == (byte)'/' && Match(pattern, p + 1, text[Math.Min(t, text.Length)..], isPath) == Outcome.Match)
                            {
                                return Outcome.Match;
                            }
                            crossesSlash = true;
                        }
                    }
                    if (p >= pattern.Length)
                    {
                        return !crossesSlash && text[t..].Contains((byte)'/') ? Outcome.NoMatch : Outcome.Match;
                    }
                    if (!crossesSlash && pattern[p] == (byte)'/')
                    {
                        var slash = text[t..].IndexOf((byte)'/');
                        if (slash < 0)
                        {
                            return Outcome.NoMatch;
                        }
                        t += slash;
                        continue; // The loop steps over the slash in both.
                    }
                    return MatchAfterStar(pattern, p, text[t..], isPath, crossesSlash);

                case (byte)'[':
                    var matched = MatchSet(pattern, ref p, letter);
                    if (matched is null)
                    {
                        return Outcome.AbortAll;
                    }
                    if (!matched.Value || (isPath && letter == (byte)'/'))
                    {
                        return Outcome.NoMatch;
                    }
                    continue;

                case (byte)'\\':
                    p++;
                    symbol = At(pattern, p);
                    goto default;

                default:
                    if (letter != symbol)
                    {
                        return Outcome.NoMatch;
                    }
                    continue;
            }
        }
        return t < text.Length ? Outcome.NoMatch : Outcome.Match;
    }

    private static Outcome MatchAfterStar(ReadOnlySpan<byte> pattern, int p, ReadOnlySpan<byte> text, bool isPath, bool crossesSlash)
    {
        var t = 0;
        var letter = At(text, t);
        while (letter != 0)
        {
            if (!IsSpecial(pattern[p]))
            {
                // A star before a literal: hop to where that literal stands.
                while ((letter = At(text, t)) != 0 && (crossesSlash || letter != (byte)'/') && letter != pattern[p])
                {
                    t++;
                }
                if (letter != pattern[p])
                {
                    return Outcome.NoMatch;
                }
            }
            var outcome = Match(pattern, p, text[t..], isPath);
            if (outcome != Outcome.NoMatch)
            {
                if (!crossesSlash || outcome != Outcome.AbortToStarStar)
                {
                    return outcome;
                }
            }
            else if (!crossesSlash && letter == (byte)'/')
            {
                return Outcome.AbortToStarStar;
            }
            letter = At(text, ++t);
        }
        return Outcome.AbortAll;
    }

    /// <summary>Leaves <paramref name="p"/> on the closing bracket. Null for a set that does not end or names an unknown class.</summary>
    private static bool? MatchSet(ReadOnlySpan<byte> pattern, ref int p, byte letter)
    {
        var symbol = At(pattern, ++p);
        var isNegated = symbol is (byte)'!' or (byte)'^';
        if (isNegated)
        {
            symbol = At(pattern, ++p);
        }
        byte previous = 0;
        var matched = false;
        do
        {
            if (symbol == 0)
            {
                return null;
            }
            if (symbol == (byte)'\\')
            {
                symbol = At(pattern, ++p);
                if (symbol == 0)
                {
                    return null;
                }
                matched |= letter == symbol;
            }
            else if (symbol == (byte)'-' && previous != 0 && At(pattern, p + 1) is not 0 and not (byte)']')
            {
                symbol = At(pattern, ++p);
                if (symbol == (byte)'\\')
                {
                    symbol = At(pattern, ++p);
                    if (symbol == 0)
                    {
                        return null;
                    }
                }
                matched |= letter <= symbol && letter >= previous;
                symbol = 0; // A range cannot begin where one ended.
            }
            else if (symbol == (byte)'[' && At(pattern, p + 1) == (byte)':')
            {
                var name = p + 2;
                for (p = name; At(pattern, p) is not 0 and not (byte)']'; p++)
                {
                }
                if (p >= pattern.Length)
                {
                    return null;
                }
                if (p - name - 1 < 0 || pattern[p - 1] != (byte)':')
                {
                    p = name - 2; // No ":]": an ordinary bracket.
                    symbol = (byte)'[';
                    matched |= letter == symbol;
                }
                else if (IsInClass(pattern[name..(p - 1)], letter) is { } isIn)
                {
                    matched |= isIn;
                    symbol = 0;
                }
                else
                {
                    return null;
                }
            }
            else
            {
                matched |= letter == symbol;
            }
            previous = symbol;
            symbol = At(pattern, ++p);
        }
        while (symbol != (byte)']');
        return matched != isNegated;
    }

    private static bool? IsInClass(ReadOnlySpan<byte> name, byte letter)
    {
        var symbol = letter < 128 ? (char)letter : '\u0080'; // Git's classes are ASCII; U+0080 is a control character nobody tests below.
        return name switch
        {
            _ when name.SequenceEqual("alnum"u8) => char.IsAsciiLetterOrDigit(symbol),
            _ when name.SequenceEqual("alpha"u8) => char.IsAsciiLetter(symbol),
            _ when name.SequenceEqual("blank"u8) => symbol is ' ' or '\t',
            _ when name.SequenceEqual("cntrl"u8) => symbol is < ' ' or '\u007f',
            _ when name.SequenceEqual("digit"u8) => char.IsAsciiDigit(symbol),
            _ when name.SequenceEqual("graph"u8) => symbol is > ' ' and < '\u007f',
            _ when name.SequenceEqual("lower"u8) => char.IsAsciiLetterLower(symbol),
            _ when name.SequenceEqual("print"u8) => symbol is >= ' ' and < '\u007f',
            _ when name.SequenceEqual("punct"u8) => symbol is > ' ' and < '\u007f' && !char.IsAsciiLetterOrDigit(symbol),
            _ when name.SequenceEqual("space"u8) => symbol is ' ' or '\t' or '\n' or '\r' or '\v' or '\f',
            _ when name.SequenceEqual("upper"u8) => char.IsAsciiLetterUpper(symbol),
            _ when name.SequenceEqual("xdigit"u8) => char.IsAsciiHexDigit(symbol),
            _ => null,
        };
    }
}
