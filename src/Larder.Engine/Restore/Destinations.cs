using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources.Dumps;

namespace Larder.Engine.Restore;

/// <summary>Says for each source where it goes: to what `--target` or `--environment` names, or back in place.</summary>
internal sealed class Destinations(EngineContext context, ReadableBackup backup, RestoreRequest request)
{
    private JobSettings? Job => backup.Backup is { } known ? context.Configuration.Jobs.GetValueOrDefault(known.Job) : null;

    /// <summary>The source as the configuration has it now; null where it has none of this name and engine.</summary>
    public SourceSettings? SettingsOf(ReadableSource source) =>
        Job?.Sources.FirstOrDefault(settings => settings.Name == source.Name && settings.Engine == source.Engine);

    /// <summary>Fails with <see cref="EngineError.UsageInvalid"/> where options contradict each other.</summary>
    public void EnsureUnderstood()
    {
        if (request is { Target: not null, Environment: not null })
        {
            throw Usage("--target and --environment both say where to; give one of them.");
        }
        if (request.Target is "")
        {
            throw Usage("The target is empty.");
        }
        if (request.Target is { } target && ServerUrl.IsUrl(target) && ServerUrl.EngineOf(target) is null)
        {
            throw Usage(
                $"A target cannot begin with \"{ServerUrl.SchemeOf(target)}://\"; it is a path, or a URL that begins with "
                + $"{string.Join(", ", ServerUrl.Schemes.Select(scheme => $"{scheme}://"))}.");
        }
        if (request.Jobs is < 1)
        {
            throw Usage("--jobs takes a number of 1 or more.");
        }
    }

    /// <summary>Fails with <see cref="EngineError.UsageInvalid"/> where something is asked that only servers can do.</summary>
    public void EnsureNoServerOptions(ReadableSource source)
    {
        var option = request switch
        {
            { Part: DumpPart.Schema } => "--schema-only",
            { Part: DumpPart.Data } => "--data-only",
            { WithUsers: true } => "--with-users",
            { Jobs: not null } => "--jobs",
            _ => null,
        };
        if (option is not null)
        {
            throw Usage($"{option} is for restores into database servers, and source \"{source.Name}\" does not go to one.");
        }
    }

    /// <summary>Fails with <see cref="LarderException"/>; with <see cref="ConfigurationException"/> where a URL cannot be had.</summary>
    public async Task<Destination> OfAsync(ReadableSource source, bool isOneOfSeveral, CancellationToken cancellationToken)
    {
        var destination = await FindAsync(source, isOneOfSeveral, cancellationToken);
        return await WhyNotAsync(source, destination, cancellationToken) is { } reason ? new RefusedDestination(reason) : destination;
    }

    /// <summary>Where --target names the place, that is what was meant, whatever else it is.</summary>
    private async Task<string?> WhyNotAsync(ReadableSource source, Destination destination, CancellationToken cancellationToken)
    {
        if (Job is not { Environments.Count: > 0 } job || request.Target is not null)
        {
            return null;
        }
        IReadOnlyList<PlaceIdentity> places = destination switch
        {
            PathDestination { Path: var path } => [PlaceIdentity.OfPath(path)],
            ServerDestination { Target: ServerAtUrl at } =>
                [PlaceIdentity.OfUrl(await at.Url.RevealAsync(cancellationToken))!],
            ServerDestination or InPlace when SettingsOf(source) is { } settings =>
                await PlaceIdentity.OfSourceAsync(settings, cancellationToken),
            _ => [],
        };
        var guard = new EnvironmentGuard(job);
        foreach (var place in places)
        {
            if (await guard.WhyNotAsync(place, request.Environment, cancellationToken) is { } reason)
            {
                return reason;
            }
        }
        return null;
    }

    private async Task<Destination> FindAsync(ReadableSource source, bool isOneOfSeveral, CancellationToken cancellationToken)
    {
        if (request.Environment is { } environment)
        {
            return await OfEnvironmentAsync(source, environment, cancellationToken);
        }
        if (request.Target is null)
        {
            return await InPlaceAsync(source, cancellationToken);
        }
        if (!ServerUrl.IsUrl(request.Target))
        {
            var full = Path.GetFullPath(request.Target);
            full = request.Target.EndsWith('/') && !full.EndsWith('/') ? full + "/" : full;
            return new PathDestination(!isOneOfSeveral ? full
                : source.Engine is "sqlite" or "command" ? $"{full}/{source.Name}/"
                : $"{full}/{source.Name}");
        }
        if (isOneOfSeveral)
        {
            throw Usage($"A URL takes one source, and the backup has {string.Join(", ", backup.Sources.Select(one => one.Name))}; "
                + "say which with --only.");
        }
        return await AtUrlAsync(source, Secret.FromText("--target", request.Target), cancellationToken);
    }

    private async Task<Destination> OfEnvironmentAsync(ReadableSource source, string name, CancellationToken cancellationToken)
    {
        if (Job is not { } job)
        {
            throw Usage($"The configuration has no job \"{backup.Backup?.Job}\", whose environment \"{name}\" would say where to.");
        }
        if (!job.Environments.TryGetValue(name, out var environment))
        {
            var known = job.Environments.Keys.ToList();
            throw Usage($"Job \"{job.Name}\" has no environment \"{name}\"; it has "
                + $"{(known.Count == 0 ? "none" : string.Join(", ", known))}.");
        }
        return environment.Targets.GetValueOrDefault(source.Name) switch
        {
            { Url: { } url } => await AtUrlAsync(source, url, cancellationToken),
            { Path: { } path } => new PathDestination(path),
            _ => new RefusedDestination(
                $"Environment \"{name}\" does not say where source \"{source.Name}\" goes; add it to its targets, or name the sources "
                + "that are meant with --only."),
        };
    }

    private async Task<Destination> InPlaceAsync(ReadableSource source, CancellationToken cancellationToken)
    {
        if (!DumpEngines.IsServer(source.Engine))
        {
            return new InPlace();
        }
        return SettingsOf(source) is { } settings && await ConfiguredServer.ReadAsync(settings, cancellationToken) is { } server
            ? new ServerDestination(server)
            : new RefusedDestination(
                $"The configuration has no {source.Engine} source \"{source.Name}\" in job \"{backup.Backup?.Job}\", so its server is not "
                + "known; say where with --target.");
    }

    private async Task<Destination> AtUrlAsync(ReadableSource source, Secret url, CancellationToken cancellationToken)
    {
        var server = await ServerAtUrl.ReadAsync(url, cancellationToken)
            ?? throw Usage($"The URL of {url.Key} begins with no scheme of a database server.");
        return server.Engine == source.Engine
            ? new ServerDestination(server)
            : throw Usage($"Source \"{source.Name}\" is of kind {source.Engine}, and the URL of {url.Key} is that of a {server.Engine} "
                + "server.");
    }

    private LarderException Usage(string message) => new(EngineError.UsageInvalid, message) { Context = backup.ErrorContext };
}
