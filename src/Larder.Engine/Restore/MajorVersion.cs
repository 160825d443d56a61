using System.Globalization;

namespace Larder.Engine.Restore;

/// <summary>Compares versions of servers by their first number, such as 7 of <c>7.0.15</c>: within it dumps go both ways.</summary>
internal static class MajorVersion
{
    /// <summary>Whether the dump's is above the server's; not where one of them is not known.</summary>
    public static bool IsNewer(string? dumped, string? server) => Of(dumped) is { } first && Of(server) is { } second && first > second;

    private static int? Of(string? version) =>
        int.TryParse(version?.Split('.', 2)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
