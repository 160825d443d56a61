namespace Larder.Engine.Monitoring.Channels;

/// <summary>A notice was not taken. The message is a whole sentence with no secret in it.</summary>
public sealed class DeliveryException(string message, bool isPermanent = false) : Exception(message)
{
    /// <summary>Whether trying again would be refused again: a wrong password, an unknown address.</summary>
    public bool IsPermanent => isPermanent;
}
