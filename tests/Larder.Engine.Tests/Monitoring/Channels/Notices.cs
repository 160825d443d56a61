using Larder.Engine.Monitoring;

namespace Larder.Engine.Tests.Monitoring.Channels;

internal static class Notices
{
    public static readonly Notice Failed = new()
    {
        Id = "0193f2a4b5c67d8e9f00112233445566",
        Event = AlertEvent.Failed,
        Level = AlertLevel.Error,
        Key = "backup:journal",
        Job = "journal",
        Title = "journal: backup failed, Größe ✗\r\nand a title that is long enough to be folded over two lines",
        Message = "The backup failed: <script>, @everyone & <!channel>.\n.\nA line that is a dot alone ends no mail.",
        Hint = "Look at the database.",
        Host = "höst",
        At = new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.FromHours(1)),
        RunId = "0193f2a4b5c67d8e9f00112233445577",
        Facts = [new NoticeFact("Duration", "12 s")],
    };
}
