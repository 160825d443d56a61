using Larder.Engine.Errors;
using Larder.Engine;

namespace Larder.Daemon;

/// <summary>One service for one state directory, by a lock that the system releases when the process ends, however it ends.</summary>
internal sealed class ServiceGate : IDisposable
{
    private readonly FileStream held;

    private ServiceGate(FileStream held) => this.held = held;

    /// <exception cref="LarderException"><see cref="EngineError.ServiceAlreadyRunning"/>; <see cref="EngineError.LocalFileFailed"/>
    /// where the state directory cannot be written.</exception>
    public static ServiceGate Enter(string stateDirectory)
    {
        var file = Path.Combine(stateDirectory, "running", "serve.lock");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            return new ServiceGate(new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
        }
        catch (IOException e) when (HeldFile.IsReason(e))
        {
            throw new LarderException(
                EngineError.ServiceAlreadyRunning, $"Another service is at work with the state directory {stateDirectory}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LarderException(
                EngineError.LocalFileFailed, $"The folder for state, {stateDirectory}, cannot be written: {e.Message}", e);
        }
    }

    public void Dispose() => held.Dispose();
}
