using Larder.Engine.Configuration;

namespace Larder.Systemd;

/// <summary>What a service of Larder may do, and no more: it reads everything, and writes its repositories and its state.</summary>
internal sealed record Hardening
{
    /// <summary>The jobs that the service works for.</summary>
    public required IReadOnlyList<JobSettings> Jobs { get; init; }

    /// <summary>Whether it may be asked to restore: then it writes where the sources are, and gives files to their owners.</summary>
    public required bool Restores { get; init; }

    /// <summary>
    /// Whether it drills: then it may start servers, which refuse to run as root. systemd starts them for it, in a unit of their own, so
    /// that this one need not change accounts (<c>KeeperUnit</c> of the sources).
    /// </summary>
    public required bool Drills { get; init; }

    public IEnumerable<string> Lines(LarderConfiguration configuration)
    {
        var startsServers = Drills && Jobs.Any(StartsServers);
        List<string> capabilities = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"]; // Files of every owner, SQLite's beside its databases too.
        capabilities.AddRange(Restores || startsServers ? ["CAP_CHOWN", "CAP_FOWNER"] : []);
        capabilities.AddRange(Restores ? ["CAP_FSETID"] : []);

        yield return "NoNewPrivileges=yes";
        yield return $"CapabilityBoundingSet={string.Join(' ', capabilities)}";
        yield return "ProtectSystem=strict";
        foreach (var path in Writable(configuration).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            yield return $"ReadWritePaths={Quoting.Listed($"-{path}")}";
        }
        yield return "ProtectHome=read-only";
        // The kernel hides processes of others from all but the group root, which we are in: runs of other processes are still seen, while
        // a drill's server, which runs as another account, sees nobody but itself. Where a drop-in sets User=, it must set this to default.
        yield return "ProtectProc=invisible";
        foreach (var name in new[]
        {
            "PrivateTmp", "PrivateDevices", "PrivateMounts", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
            "ProtectControlGroups", "ProtectClock", "ProtectHostname", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID",
            "LockPersonality", "RemoveIPC",
        })
        {
            yield return $"{name}=yes";
        }
        if (NeedsNoNetwork(configuration))
        {
            yield return "PrivateNetwork=yes";
        }
        yield return "KeyringMode=private";
        yield return "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6";
        yield return "SystemCallArchitectures=native";
        yield return "SystemCallFilter=@system-service";
        yield return "SystemCallFilter=~@privileged @resources";
        yield return $"SystemCallFilter=sched_setaffinity{(Restores || startsServers ? " @chown" : "")}"; // .NET starts no thread without.
        yield return "SystemCallErrorNumber=EPERM";
        yield return "UMask=0077";
        yield return "LimitCORE=0"; // The keys of repositories are in memory.
        // Not PrivateUsers: files have owners. Not MemoryDenyWriteExecute: .NET compiles as it runs, and so do hooks.
    }

    /// <summary>A drill into servers of its own, from folders of this machine, that asks nobody else.</summary>
    private bool NeedsNoNetwork(LarderConfiguration configuration) =>
        Drills && !Restores
        && Jobs.All(job => job.To.All(name => configuration.Repositories[name].Location is LocalLocation)
            && job.Drill is { Servers.Count: 0 } drill
            && drill.Assertions.All(assertion => assertion.Kind != DrillAssertionKind.Shell));

    private IEnumerable<string> Writable(LarderConfiguration configuration)
    {
        yield return configuration.StateDirectory;
        yield return Path.GetDirectoryName(configuration.CatalogPath)!;
        foreach (var repository in configuration.Repositories.Values.Select(repository => repository.Location).OfType<LocalLocation>())
        {
            yield return repository.Path;
        }
        foreach (var path in Jobs.SelectMany(job => job.Sources).SelectMany(PathsOf))
        {
            yield return path;
        }
        foreach (var folder in Drills ? Jobs.Select(job => job.Drill?.Folder).OfType<string>() : [])
        {
            yield return folder;
        }
        foreach (var path in Restores ? Jobs.SelectMany(job => job.Environments.Values).SelectMany(TargetsOf) : [])
        {
            yield return path;
        }
    }

    /// <summary>A SQLite database in use is read with a file beside it; what is restored is written beside what it replaces.</summary>
    private IEnumerable<string> PathsOf(SourceSettings source) => source switch
    {
        SqliteSourceSettings sqlite => [Above(sqlite.Path)],
        FilesSourceSettings files when Restores => files.Paths.Select(Above),
        _ => [],
    };

    private static IEnumerable<string> TargetsOf(EnvironmentSettings environment) =>
        environment.Targets.Values.Select(target => target.Path).OfType<string>().Select(Above);

    private static string Above(string path) => Path.GetDirectoryName(path) is { Length: > 1 } folder ? folder : path;

    /// <summary>Whether a drill of the job starts a server, which refuses to run as root.</summary>
    private static bool StartsServers(JobSettings job) =>
        job.Drill is { } drill && job.Sources.Any(
            source => source.IsDatabase && source is not SqliteSourceSettings && !drill.Servers.ContainsKey(source.Name));
}
