using Larder.Engine.Configuration;

namespace Larder.Engine.Restore;

/// <summary>
/// Keeps a restore that is aimed at one environment from writing over another one, because two lines of the configuration name the same
/// place: staging's URL is easily copied from production.
/// </summary>
internal sealed class EnvironmentGuard(JobSettings job)
{
    /// <summary>Where the job's sources are, unless the job has an environment of this name.</summary>
    public const string Production = "production";

    /// <summary>Whose place it is besides the one that is meant, in a whole sentence; null where it is nobody else's.</summary>
    /// <param name="place">Where it would be written.</param>
    /// <param name="aimedAt">The environment that was named; null for in place.</param>
    /// <param name="cancellationToken">Ends the asking for secrets.</param>
    public async Task<string?> WhyNotAsync(PlaceIdentity place, string? aimedAt, CancellationToken cancellationToken)
    {
        if (aimedAt is not null && await MeetsSourcesAsync(place, cancellationToken) is { } source)
        {
            return $"Environment \"{aimedAt}\" names the very place that source \"{source}\" of job \"{job.Name}\" is backed up from, "
                + $"which is {Production}. To restore over it, leave --environment out; otherwise correct the environment.";
        }
        foreach (var (name, environment) in job.Environments.Where(other => other.Key != aimedAt))
        {
            foreach (var target in environment.Targets.Values)
            {
                if (await OfAsync(target, cancellationToken) is { } other && other.Meets(place))
                {
                    var aim = aimedAt is null ? $"In place ({Production})" : $"Environment \"{aimedAt}\"";
                    return $"{aim} and environment \"{name}\" of job \"{job.Name}\" "
                        + "name the same place, so one of them is not what it says. Correct the configuration.";
                }
            }
        }
        return null;
    }

    private async Task<string?> MeetsSourcesAsync(PlaceIdentity place, CancellationToken cancellationToken)
    {
        foreach (var source in job.Sources)
        {
            if ((await PlaceIdentity.OfSourceAsync(source, cancellationToken)).Any(other => other.Meets(place)))
            {
                return source.Name;
            }
        }
        return null;
    }

    private static async Task<PlaceIdentity?> OfAsync(TargetSettings target, CancellationToken cancellationToken) => target switch
    {
        { Path: { } path } => PlaceIdentity.OfPath(path),
        { Url: { } url } => PlaceIdentity.OfUrl(await url.RevealAsync(cancellationToken)),
        _ => null,
    };
}
