using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Larder.Engine.Configuration;

/// <summary>The kinds of single values that the schema is built of.</summary>
internal static partial class ScalarShapes
{
    public const int ChunkBytesMin = 4 << 10;
    public const int ChunkBytesMax = 4 << 20;

    public static ScalarShape Text(string example, string expected = "a text") => new()
    {
        Expected = expected,
        Example = example,
        Parse = (text, _) => text.Contains('\0', StringComparison.Ordinal) ? ScalarReading.Wrong("holds a NUL character")
            : text.Length == 0 ? ScalarReading.Wrong("is empty")
            : ScalarReading.Of(text),
    };

    public static ScalarShape CommandLine(string example) => Text(example, "a command line for /bin/sh") with { IsCommandLine = true };

    public static ScalarShape Secret(string example) => Text(example) with { IsSecret = true };

    /// <summary>A URL that may hold a password, so it is a secret as a whole.</summary>
    public static ScalarShape SecretUrl(string example, params string[] schemes) => new()
    {
        Expected = $"a URL that begins with {string.Join(" or ", schemes.Select(scheme => scheme + "://"))}",
        Example = example,
        IsSecret = true,
        Parse = (text, _) => schemes.Any(scheme => text.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase)
            && text.Length > scheme.Length + 3)
            ? ScalarReading.Of(text)
            : ScalarReading.Wrong($"does not begin with {string.Join(" or ", schemes.Select(scheme => scheme + "://"))}"),
    };

    public static ScalarShape WebUrl(string example) => new()
    {
        Expected = "a URL that begins with https:// or http://",
        Example = example,
        Parse = (text, _) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http"
            ? string.IsNullOrEmpty(url.UserInfo) ? ScalarReading.Of(text)
                : ScalarReading.Wrong("holds a user or password, which have keys of their own")
            : ScalarReading.Wrong("is not a URL that begins with https:// or http://"),
    };

    /// <summary>Over which secrets go, so that it is encrypted wherever there is a network between.</summary>
    public static ScalarShape SafeUrl(string example) => new()
    {
        Expected = "a URL that begins with https://, or of this machine with http://",
        Example = example,
        Parse = (text, _) => !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http")
                ? ScalarReading.Wrong("is not a URL that begins with https://")
            : url.Scheme == "http" && !url.IsLoopback ? ScalarReading.Wrong("is not encrypted, and not of this machine")
            : url.UserInfo.Length + url.Query.Length + url.Fragment.Length > 0
                ? ScalarReading.Wrong("holds more than a host and a path: a user, a question mark or a hash")
            : ScalarReading.Of(text),
    };

    /// <summary>Made absolute against the folder of the configuration file.</summary>
    public static ScalarShape Path(string example) => new()
    {
        Expected = "a path",
        Example = example,
        Parse = (text, context) =>
        {
            if (text.Length == 0)
            {
                return ScalarReading.Wrong("is empty");
            }

            if (text.Contains('\0', StringComparison.Ordinal))
            {
                return ScalarReading.Wrong("holds a NUL character");
            }

            if ((text == "~" || text.StartsWith("~/", StringComparison.Ordinal)) && context.HomeFolder is { Length: > 0 } home)
            {
                text = home + text[1..];
            }

            return ScalarReading.Of(System.IO.Path.GetFullPath(text, context.BaseFolder));
        },
    };

    public static ScalarShape Address(string example) => new()
    {
        Expected = "an IP address",
        Example = example,
        Parse = (text, _) => System.Net.IPAddress.TryParse(text, out var _)
            ? ScalarReading.Of(text)
            : ScalarReading.Wrong("is not an IP address"),
    };

    public static ScalarShape Integer(int minimum, int maximum, string example)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}");
        return new ScalarShape
        {
            Expected = expected,
            Example = example,
            Parse = (text, _) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= minimum && number <= maximum
                ? ScalarReading.Of(number)
                : ScalarReading.Wrong("is not " + expected),
        };
    }

    public static ScalarShape Boolean(string example) => new()
    {
        Expected = "true or false",
        Example = example,
        Parse = (text, _) => text switch
        {
            "true" or "True" or "TRUE" => ScalarReading.Of(true),
            "false" or "False" or "FALSE" => ScalarReading.Of(false),
            _ => ScalarReading.Wrong("is neither true nor false"),
        },
    };

    /// <summary>More than zero.</summary>
    public static ScalarShape Duration(string example) => new()
    {
        Expected = "a duration such as " + example,
        Example = example,
        Parse = (text, _) => DurationText.TryParse(text, out var duration) && duration > TimeSpan.Zero
            ? ScalarReading.Of(duration)
            : ScalarReading.Wrong("is not a duration (a number with one of w, d, h, m, s)"),
    };

    /// <summary>Null (by kind of source) where it is absent.</summary>
    public static ScalarShape ChunkSize() => new()
    {
        Expected = "a power of two from 4 KiB to 4 MiB",
        Example = "64 KiB",
        Parse = (text, _) => !ByteSize.TryParse(text, out var bytes) ? ScalarReading.Wrong("is not a size")
            : bytes is < ChunkBytesMin or > ChunkBytesMax || !long.IsPow2(bytes)
                ? ScalarReading.Wrong("is not a power of two from 4 KiB to 4 MiB")
            : ScalarReading.Of((int)bytes),
    };

    public static ScalarShape Cron(string example) => new()
    {
        Expected = "a cron expression of five fields",
        Example = $"\"{example}\"",
        Parse = (text, _) => CronExpression.TryParse(text, out var cron, out var complaint)
            ? ScalarReading.Of(cron!)
            : ScalarReading.Wrong(complaint),
    };

    /// <summary>Where a server answers.</summary>
    public static ScalarShape Listen() => new()
    {
        Expected = "an IP address, or localhost, with a port",
        Example = "127.0.0.1:8420",
        Parse = (text, _) => ServeSettings.TryParseListen(text, out var address)
            ? ScalarReading.Of(address!)
            : ScalarReading.Wrong("is not an IP address, or localhost, with a port behind a colon"),
    };

    public static ScalarShape TimeZone() => new()
    {
        Expected = "the IANA name of a time zone, or local",
        Example = "Europe/Berlin",
        Parse = (text, _) =>
        {
            if (text == "local")
            {
                return ScalarReading.Of(TimeZoneInfo.Local);
            }
            // The pattern also keeps the name from walking out of the folder of time zones.
            return text.Length <= 100 && ZoneName().IsMatch(text) && TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone)
                ? ScalarReading.Of(zone)
                : ScalarReading.Wrong("is not a time zone that this system knows");
        },
    };

    /// <summary>One of a few words.</summary>
    public static ScalarShape Word(params string[] words) => new()
    {
        Expected = "one of " + string.Join(", ", words),
        Example = words[0],
        Parse = (text, _) => words.Contains(text, StringComparer.Ordinal) ? ScalarReading.Of(text)
            : NearestWord.Find(text, words) is { } near ? ScalarReading.Wrong($"is not one of {string.Join(", ", words)}; {near} is near")
            : ScalarReading.Wrong("is not one of " + string.Join(", ", words)),
    };

    /// <summary>A part such as 1/7: on each run the next seventh.</summary>
    public static ScalarShape Share() => new()
    {
        Expected = "a share such as 1/7",
        Example = "1/7",
        Parse = (text, _) => text.Length <= 20 && SharePattern().Match(text) is { Success: true } match
            && int.TryParse(match.Groups["part"].ValueSpan, CultureInfo.InvariantCulture, out var part)
            && int.TryParse(match.Groups["whole"].ValueSpan, CultureInfo.InvariantCulture, out var whole)
            && part >= 1 && part <= whole
            ? ScalarReading.Of(text)
            : ScalarReading.Wrong("is not a share such as 1/7"),
    };

    public static ScalarShape Email() => new()
    {
        Expected = "an e-mail address",
        Example = "admin@example.com",
        Parse = (text, _) => MailAddress.TryCreate(text, out var address) && !text.AsSpan().ContainsAny("\r\n")
            && address.Address.Length > 0
            ? ScalarReading.Of(text)
            : ScalarReading.Wrong("is not an e-mail address"),
    };

    /// <summary>One address or a network, as <see cref="IPNetwork"/>.</summary>
    public static ScalarShape Network() => new()
    {
        Expected = "an address or a network such as 10.0.0.0/8",
        Example = "127.0.0.1",
        Parse = (text, _) => IPNetwork.TryParse(text, out var network) ? ScalarReading.Of(network)
            : IPAddress.TryParse(text, out var address)
                ? ScalarReading.Of(new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
            : ScalarReading.Wrong("is neither an address nor a network such as 10.0.0.0/8"),
    };

    /// <summary>A file's name inside a backup: one level, nothing that a file system treats as special.</summary>
    public static ScalarShape FileName(string example) => new()
    {
        Expected = "a file name without a slash",
        Example = example,
        Parse = (text, _) => text.Length is 0 or > 200 || text is "." or ".." || text.AsSpan().ContainsAny("/\\\0\n\r")
            ? ScalarReading.Wrong("is not a file name without a slash")
            : ScalarReading.Of(text),
    };

    /// <summary>A tag of a snapshot. Those that Larder sets itself are refused, and the comma, which restic splits at.</summary>
    public static ScalarShape Unit() => new()
    {
        Expected = "the name of a systemd unit",
        Example = "app.service",
        Parse = (text, _) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@' or ':')
            ? ScalarReading.Of(text)
            : ScalarReading.Wrong("is not the name of a unit: letters, digits and . _ - @ :"),
    };

    public static ScalarShape Tag() => new()
    {
        Expected = "a word without a comma",
        Example = "nightly",
        Parse = (text, _) => text.Trim().Length == 0 || text.AsSpan().ContainsAny(",\0\n\r")
            ? ScalarReading.Wrong("is empty or has a comma or line break")
            : text is "larder" or "partial" or "pinned" or "safety" || text.StartsWith("job:", StringComparison.Ordinal)
                || text.StartsWith("drill:", StringComparison.Ordinal)
                ? ScalarReading.Wrong("is a tag that Larder sets itself")
            : ScalarReading.Of(text),
    };

    /// <summary>What a job, source or repository may be called. Names become folders, tags and parts of `JOB:latest`.</summary>
    public static bool IsName(string text) => text.Length <= 100 && NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ZoneName();

    [GeneratedRegex(@"\A(?<part>[0-9]{1,6})/(?<whole>[0-9]{1,6})\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SharePattern();
}
