namespace Larder.Engine.Monitoring.Channels.Mail;

/// <summary>What a mail server answers: a code and one or more lines.</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool IsPositive => Code is >= 200 and < 400;

    /// <summary>What it said, on one line and not longer than people read.</summary>
    public string Text => NoticeJson.Cut($"{Code} {string.Join(' ', Lines).Trim()}", 300);

    /// <summary>5xx: the same again will be refused again.</summary>
    public bool IsPermanent => Code >= 500;

    /// <summary>Whether an extension is offered, in an answer to EHLO.</summary>
    public bool Offers(string extension) => Lines.Skip(1).Any(line =>
        line.Split(' ', 2)[0].Equals(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>The words behind an extension, such as the mechanisms of AUTH.</summary>
    public IReadOnlyList<string> WordsOf(string extension) =>
    [
        .. Lines.Skip(1).Select(line => line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 0 && words[0].Equals(extension, StringComparison.OrdinalIgnoreCase))
            .SelectMany(words => words.Skip(1)),
    ];
}
