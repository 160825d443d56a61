using Larder.Engine.Errors;

namespace Larder.Engine.Catalog;

/// <summary>
/// Keeps a job from running twice at once on this machine, by a lock that the system releases when the process ends, however it ends.
/// </summary>
internal sealed class JobGate : IDisposable
{
    private readonly FileStream? held;

    private JobGate(FileStream? held) => this.held = held;

    /// <exception cref="LarderException"><see cref="EngineError.JobAlreadyRunning"/>.</exception>
    public static JobGate Enter(EngineContext context, string job)
    {
        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(context.Configuration.StateDirectory, "running")).FullName;
            return new JobGate(
                new FileStream(Path.Combine(folder, $"{job}.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
        }
        catch (IOException e) when (HeldFile.IsReason(e))
        {
            throw new LarderException(EngineError.JobAlreadyRunning, $"Job \"{job}\" is running already.", e)
            {
                Context = new ErrorContext { Job = job },
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a place for state there is no gate, and still a backup.
            context.Warn($"The folder for state, {context.Configuration.StateDirectory}, cannot be written: {e.Message}");
            return new JobGate(null);
        }
    }

    public void Dispose() => held?.Dispose();
}
