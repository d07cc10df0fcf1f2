using System.Diagnostics;

namespace Ostler.Testing.Hosts;

internal static class Signals
{
    /// <summary>SIGKILL; a process that is already gone is fine.</summary>
    public static void Kill(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
        }
    }
}
