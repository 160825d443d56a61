using Larder.Engine.Errors;

namespace Larder.Api;

/// <summary>Finds the job that a body names.</summary>
internal static class JobNames
{
    /// <summary>The named job; or the only one, where none is named.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownJob"/>, of one that the caller may not see too;
    /// <see cref="EngineError.UsageInvalid"/> where several may be meant.</exception>
    public static string Of(ApiCall call, string? named)
    {
        var jobs = call.Services.Configuration.Jobs.Keys.Where(call.Caller.MaySee).ToList();
        if (named is not null)
        {
            return jobs.Contains(named, StringComparer.Ordinal) ? named : throw Unknown(named);
        }
        return jobs is [var only]
            ? only
            : throw new LarderException(EngineError.UsageInvalid, "Which job is meant? The body needs \"job\".");
    }

    private static LarderException Unknown(string named)
    {
        var shown = new string([.. named.Take(100).Where(letter => !char.IsControl(letter))]);
        return new LarderException(EngineError.UnknownJob, $"There is no job \"{shown}\".");
    }
}
