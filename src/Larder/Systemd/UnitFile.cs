namespace Larder.Systemd;

/// <summary>One unit as it should stand in systemd's folder.</summary>
/// <param name="Name">Such as <c>larder-journal-daily.timer</c>.</param>
/// <param name="Content">All of it, the first line a mark by which it is known again.</param>
internal sealed record UnitFile(string Name, string Content)
{
    /// <summary>The first line of every unit that Larder writes; others are never touched.</summary>
    public const string Mark = "# Written by \"larder schedule install\", which writes it anew. Your own changes: systemctl edit UNIT.";

    /// <summary>Whether systemd is to start it by itself.</summary>
    public bool IsEnabled => Content.Contains("[Install]", StringComparison.Ordinal);
}
