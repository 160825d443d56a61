using Larder.Engine.Configuration;
using Larder.Engine.Servers;
using Larder.Sources.Dumps;

namespace Larder.Engine.Restore.Transaction;

/// <summary>What to back up of a server before something is restored into it.</summary>
internal static class ServerSource
{
    /// <summary>The databases that the plan touches, as a source; null where none of them stands there.</summary>
    public static SourceSettings? Of(ServerTarget target, DumpRestorePlan plan)
    {
        if (plan.Replaced.Count == 0 && plan.Exchange?.Parts.Any(part => part.Old is not null) != true)
        {
            return null;
        }
        if (target is ConfiguredServer configured)
        {
            return configured.Settings;
        }
        var at = (ServerAtUrl)target;
        var databases = new DatabaseSelection { Names = target.DatabaseName is { } named ? [named] : Databases(plan) };
        var server = new DatabaseServer { Url = at.Url };
        return target.Engine switch
        {
            "postgresql" => new PostgreSqlSourceSettings { Name = "", Server = server, Databases = databases, Globals = false },
            "mongodb" => new MongoDbSourceSettings { Name = "", Url = at.Url, Databases = databases, ReadPreference = "primary" },
            _ => new MySqlSourceSettings { Name = "", Server = server, Databases = databases },
        };
    }

    private static IReadOnlyList<string> Databases(DumpRestorePlan plan) =>
    [
        .. (plan.Exchange?.Parts ?? []).Where(part => part.Old is not null)
            .Select(part => part.Kind == "database" ? part.Live : part.Live.Split('.', 2)[0])
            .Distinct(StringComparer.Ordinal),
    ];
}
