using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace Larder.Engine.Monitoring.Channels.Mail;

/// <summary>A mail as it goes over the wire (RFC 5322, MIME): plain text and HTML side by side, all of it in seven bits.</summary>
internal static class MailText
{
    private const int Base64LineLength = 76;

    // 45 bytes are 60 letters of base64: with "=?utf-8?B?" and "?=" an encoded word stays below the 75 that are allowed.
    private const int EncodedWordBytesMax = 45;

    public static string Compose(Notice notice, MailAddress from, IReadOnlyList<MailAddress> to, string host)
    {
        var boundary = $"larder-{notice.Id}";
        var text = new StringBuilder();
        Header("From", Mailbox(from));
        Header("To", string.Join(",\r\n ", to.Select(Mailbox)));
        Header("Subject", Words(NoticeText.Subject(notice)));
        Header("Date", notice.At.ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture)
            + notice.At.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal));
        Header("Message-ID", $"<{notice.Id}@{HostName(host)}>");
        Header("Auto-Submitted", "auto-generated"); // So that no holiday notice answers it.
        Header("X-Larder-Event", EnumWord.Of(notice.Event));
        Header("X-Larder-Level", EnumWord.Of(notice.Level));
        if (notice.Level >= AlertLevel.Error)
        {
            Header("Importance", "high");
        }
        Header("MIME-Version", "1.0");
        Header("Content-Type", $"multipart/alternative; boundary=\"{boundary}\"");
        text.Append("\r\n");
        Part("text/plain", NoticeText.Plain(notice));
        Part("text/html", NoticeText.Html(notice));
        return text.Append(CultureInfo.InvariantCulture, $"--{boundary}--\r\n").ToString();

        void Header(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");

        void Part(string type, string content)
        {
            text.Append(CultureInfo.InvariantCulture, $"--{boundary}\r\nContent-Type: {type}; charset=utf-8\r\n");
            text.Append("Content-Transfer-Encoding: base64\r\n\r\n");
            foreach (var line in Convert.ToBase64String(Encoding.UTF8.GetBytes(content)).Chunk(Base64LineLength))
            {
                text.Append(line).Append("\r\n");
            }
        }
    }

    /// <summary>An address for MAIL FROM and RCPT TO.</summary>
    public static string Path(MailAddress address) => $"<{address.User}@{Ascii(address.Host)}>";

    /// <summary>A host's name that mail servers take.</summary>
    public static string HostName(string host)
    {
        var ascii = new string([.. host.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-')]);
        return ascii.Length == 0 ? "localhost" : ascii;
    }

    private static string Mailbox(MailAddress address) =>
        address.DisplayName.Length == 0 ? Path(address)[1..^1] : $"{Phrase(address.DisplayName)} {Path(address)}";

    /// <summary>A name as it stands before an address, where a comma would end it: quoted, or as encoded words.</summary>
    private static string Phrase(string name) => Words(name) is var words && words != name
        ? words
        : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Ascii(string host)
    {
        try
        {
            return host.All(char.IsAscii) ? host : new IdnMapping().GetAscii(host);
        }
        catch (ArgumentException)
        {
            throw new DeliveryException($"\"{host}\" is no name that mail can be sent to.", isPermanent: true);
        }
    }

    /// <summary>Text of a header, as words of RFC 2047 where it is more than ASCII or long.</summary>
    private static string Words(string text)
    {
        var isPlain = text.All(letter => letter is >= ' ' and <= '~') && !text.Contains("=?", StringComparison.Ordinal);
        if (isPlain && text.Length <= Base64LineLength)
        {
            return text;
        }
        var words = new List<string>();
        var bytes = new List<byte>();
        Span<byte> one = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(one);
            if (bytes.Count + length > EncodedWordBytesMax)
            {
                Flush();
            }
            bytes.AddRange(one[..length]);
        }
        Flush();
        return string.Join("\r\n ", words);

        void Flush()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. bytes])}?=");
            bytes.Clear();
        }
    }
}
