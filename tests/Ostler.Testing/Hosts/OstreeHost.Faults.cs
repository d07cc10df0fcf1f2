namespace Ostler.Testing.Hosts;

public sealed partial class OstreeHost
{
    // Less than any kernel of OsTree, yet enough for the files with which ostree writes down that it failed.
    private const long BootRoom = 32 * 1024;

    private IDisposable? _stagingFault;

    /// <summary>Sets a fault, before a boot or while the host is on.</summary>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="tree">A commit or version on which it acts; null for every one. Only for the faults of a boot into a tree.</param>
    public void Inject(HostFault fault, string? tree = null)
    {
        _faults.Set(fault, tree);
        switch (fault)
        {
            case HostFault.StagingFails:
                _stagingFault ??= _lab.Repository.Inject(RepositoryFault.Unavailable, Name);
                break;
            case HostFault.FinalizationFails:
                var appFolder = Path.Combine(EtcFolder, "app.d");
                Directory.Delete(appFolder, recursive: true);
                File.WriteAllText(appFolder, "a file where the tree has a directory\n");
                break;
            default:
                ApplyDiskFaults();
                break;
        }
    }

    public void Clear(HostFault fault)
    {
        if (!_faults.Clear(fault))
        {
            return;
        }
        switch (fault)
        {
            case HostFault.StagingFails:
                _stagingFault?.Dispose();
                _stagingFault = null;
                break;
            case HostFault.FinalizationFails:
                var appFolder = Path.Combine(EtcFolder, "app.d");
                File.Delete(appFolder);
                Directory.CreateDirectory(appFolder);
                foreach (var file in Directory.EnumerateFiles(EtcFolder + "/../usr/etc/app.d"))
                {
                    File.Copy(file, Path.Combine(appFolder, Path.GetFileName(file)));
                }
                break;
            case HostFault.BootFull:
                File.Delete(BootBallast);
                break;
            case HostFault.SysrootFull:
                File.Delete(SysrootBallast);
                break;
            default:
                break;
        }
    }

    private string BootBallast => _machine.View + "/boot/ballast";

    private string SysrootBallast => _machine.View + "/ballast";

    // Again at every boot: meanwhile something may have been freed.
    private void ApplyDiskFaults()
    {
        if (_faults.Has(HostFault.BootFull))
        {
            Fill(BootBallast, leave: BootRoom);
        }
        if (_faults.Has(HostFault.SysrootFull))
        {
            Fill(SysrootBallast, leave: 0);
        }
    }

    private static void Fill(string ballast, long leave)
    {
        using var file = new FileStream(ballast, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        var block = new byte[64 * 1024];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
        }
        file.SetLength(Math.Max(0, file.Length - leave));
    }
}
