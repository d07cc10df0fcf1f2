using Ostler.FakeHostTools.Tools;

namespace Ostler.FakeHostTools.Bootc;

/// <summary>bootc, as far as an agent needs it: status, switch, upgrade of the lock, rollback.</summary>
internal sealed class BootcTool(Sysroot sysroot)
{
    /// <summary>bootc takes the sysroot's lock for every verb, status included, and waits for it without a word.</summary>
    private const string LockFile = "/run/ostler-fake/bootc.lock";
    private const string Prefix = "ostree-unverified-registry:";
    private const string Signed = "ostree-image-signed:docker://";

    public int Run(string[] words)
    {
        if (words is ["--version"])
        {
            Console.WriteLine("bootc 1.12.0");
            return 0;
        }

        if (Environment.GetEnvironmentVariable("container") is not null)
        {
            // In a container bootc sees no host, and says so by an empty status and exit code 0.
            return words is ["status", ..] ? Print(BootcStatusDocument.Empty) : throw new ToolException("Detected container; this command requires a booted host system.");
        }

        using var held = ToolLock.TryAcquire(LockFile, string.Join(' ', words)) ?? Wait(string.Join(' ', words));
        return words switch
        {
            ["status", .. var options] when options.All(o => o is "--json" or "--format-version=1" or "--format=json") && options.Length > 0 =>
                Print(BootcStatusDocument.Of(sysroot.Read())),
            ["switch", "--enforce-container-sigpolicy", var image] => Switch(image, signed: true),
            ["switch", var image] when !image.StartsWith('-') => Switch(image, signed: false),
            ["upgrade", "--from-downloaded"] => Unlock(),
            ["rollback"] => Rollback(),
            _ => throw new UsageException($"unrecognized subcommand or argument in '{string.Join(' ', words)}'"),
        };
    }

    /// <summary>Up to 1.12.0 bootc says on standard output, before the JSON, that it has to wait.</summary>
    private static ToolLock Wait(string title)
    {
        Console.Write("Waiting for sysroot lock...");
        var held = ToolLock.Acquire(LockFile, title);
        Console.WriteLine("...done (1 seconds)");
        return held;
    }

    private static int Print(string document)
    {
        Console.WriteLine(document);
        return 0;
    }

    private int Switch(string image, bool signed)
    {
        var deployments = sysroot.Read();
        var wanted = (signed ? Signed : Prefix) + image;
        if ((deployments.FirstOrDefault(d => d.Staged) ?? deployments.First(d => d.Booted)).ImageReference == wanted)
        {
            Console.WriteLine("Image specification is unchanged.");
            return 0;
        }

        try
        {
            var (commit, digest, version) = ImagePull.Pull(image, signed);
            sysroot.Stage("Staging deployment", commit, $"[origin]\ncontainer-image-reference={wanted}\n", locked: false);
            Console.WriteLine($"Queued for next boot: {image}\n  Version: {version}\n  Digest: {digest}");
            return 0;
        }
        catch (ToolException failure)
        {
            throw new ToolException("Switching: " + failure.Message);
        }
    }

    private int Unlock()
    {
        if (!sysroot.Read().Any(d => d.Staged))
        {
            throw new ToolException("Upgrading: No staged deployment found");
        }

        File.Delete("/run/ostree/staged-deployment-locked");
        Console.WriteLine("Staged deployment will now be applied on reboot");
        return 0;
    }

    private int Rollback()
    {
        var deployments = sysroot.Read();
        var others = deployments.Where(d => d is { Booted: false, Staged: false }).ToList();
        if (others is not [var rollback, ..])
        {
            throw new ToolException("Rolling back: No rollback available");
        }

        if (rollback.ImageReference is null)
        {
            throw new ToolException("Rolling back: Rollback is not container image based");
        }

        var booted = deployments.First(d => d.Booted);
        var queued = rollback.Index < booted.Index;
        Console.WriteLine(queued ? "notice: Reverting queued rollback state" : "bootloader update complete");
        LibOstree.PutFirst(queued ? booted.Index : rollback.Index);
        Console.WriteLine(queued ? "Next boot: current deployment" : "Next boot: rollback deployment");
        return 0;
    }
}
