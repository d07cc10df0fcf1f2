using System.Text.RegularExpressions;

namespace Ostler.Testing.Documentation;

/// <summary>How a test runs a command of the documentation.</summary>
public enum CommandCheck
{
    /// <summary>make knows the target and the variables.</summary>
    Make,

    /// <summary>The command line of kubectl ostler parses it.</summary>
    Ostler,

    /// <summary>helm or kubectl runs it against a real API server.</summary>
    Cluster,

    /// <summary>The name of a command, without what it is to work on: the program has help on it.</summary>
    Help,

    /// <summary>It is looked at and not run: what it needs is not here.</summary>
    NotRun,
}

/// <summary>The table of commands: which is run how. A command of none of these forms, as by a typo, fails a test.</summary>
public static class CommandChecks
{
    private static readonly (Regex Form, CommandCheck Check, string Why)[] Table =
    [
        Row("make [a-z0-9-]+( [A-Z_]+=\\S+)*", CommandCheck.Make),
        Row("kubectl ostler( .+)?", CommandCheck.Ostler),

        Exactly("kubectl -n ostler-system port-forward deployment/ostler-controller 8082", "No kubelet runs a pod here. ConsoleTests has the port, ConsoleServerTests what listens there."),
        Exactly("kubectl -n ostler-system logs deployment/ostler-controller", "No kubelet runs a pod here."),
        Exactly("sudo /var/lib/ostler/bin/ostler-agent watchdog uninstall", "For a host; RealWatchdogTests runs it on one."),
        Exactly("ostler-agent host status", "For a host; HostConsoleTests and RealConsoleTests run it on one."),
        Exactly("ostler-agent host rollback --dry-run", "For a host; HostConsoleTests and RealConsoleTests run it on one."),
        Exactly("podman container runlabel RUN registry.example/os/ostler-agent:0.1.0", "Elsewhere the image has another name; .ci/smoke-images.cs runs its labels on a container that stands for a host."),
        Exactly("podman container runlabel INSTALL registry.example/os/ostler-agent:0.1.0", "As RUN."),
        Exactly("podman container runlabel UNINSTALL registry.example/os/ostler-agent:0.1.0", "As RUN."),
        Exactly("docker buildx build --platform linux/amd64,linux/arm64 --target controller .", "No Docker here; `make image` builds the same Dockerfile with podman."),
        Exactly("ostler-agent host rollback", "For a host; HostConsoleTests and RealConsoleTests run it on one."),
        Exactly("ostler-agent host stage TREE", "For a host; HostOperationTests and RealConsoleTests run it on one."),
        Exactly("ostler-agent host apply", "For a host; HostOperationTests and RealConsoleTests run it on one."),
        Exactly("ostler-agent host confirm", "For a host; HostOperationTests runs it on one."),
        Exactly("ostler-agent host --help", "For a host; HostOperationTests runs it on one."),
        Exactly("journalctl -u ostler-stage", "For a host with systemd."),
        Exactly("journalctl -u ostler-watchdog", "For a host with systemd."),
        Exactly("journalctl -u kubelet", "For a host with systemd."),
        Exactly("journalctl -b -1", "For a host with systemd."),
        Exactly("journalctl -b -1 -u ostree-finalize-staged", "For a host with systemd."),

        Exactly("systemctl disable --now zincati.service", "For a host with systemd."),
        Exactly("systemctl mask --now bootc-fetch-apply-updates.timer", "For a host with systemd."),
        Exactly("kind create cluster --name ostler", "No container engine runs nodes here; what is installed then is what LifecycleTests installs."),
        Exactly("kind load image-archive ostler.tar --name ostler", "As kind create."),
        Exactly("k3d cluster create ostler", "As kind create."),
        Exactly("podman save --output ostler.tar --multi-image-archive ostler-controller:0.1.0 ostler-agent:0.1.0", "For kind; .ci/build-images builds what it saves."),
        Exactly("podman build --tag quay.io/acme/edge-os:42.20261129.0 .", "Its base is an OS image from elsewhere."),
        Exactly("podman push quay.io/acme/edge-os:42.20261129.0", "As podman build; RealRegistryTests pushes to a real registry."),
        Row("podman run --rm -it --privileged( --network=host --env KEEP=1 --name ostler-demo)? ostler-demo:0.1.0", CommandCheck.NotRun,
            "Minutes of show; whoever changes the image runs it. DockerfileTests has what it starts."),
        Exactly("podman exec -it ostler-demo kubectl ostler status edge", "As podman run."),
        Exactly("skopeo copy --all docker://quay.io/acme/edge-os:42.20261129.0 docker://quay.io/acme/edge-os:stable", "As podman build."),
        Exactly("cosign generate-key-pair", "There is no cosign here; RealRegistryTests and SignatureTests read signatures of its form."),
        Exactly("cosign sign --key cosign.key quay.io/acme/edge-os@sha256:<digest>", "As cosign generate-key-pair."),
        Exactly("flux suspend kustomization node-os", "There is no Flux here."),
        Exactly("helm test ostler --namespace ostler-system --logs", "No kubelet runs its pod here; see InstallationCheckTests."),

        Row("(kubectl|helm) [a-z]+|kubectl create token", CommandCheck.Help),
        Row("helm (install|upgrade|uninstall) ostler .+", CommandCheck.Cluster),
        Row("kubectl (-n (ostler-system|argocd) )?(get|describe|explain|wait|patch|apply|cordon|uncordon|label) .+", CommandCheck.Cluster),
        Row("kubectl (-n ostler-system )?(delete (crd|upgradepolicy)|create (clusterrolebinding|secret)) .+", CommandCheck.Cluster),
    ];

    /// <summary>How it is run, and where it is not, why; null when the table does not have it.</summary>
    public static (CommandCheck Check, string Why)? Of(DocumentedCommand command) =>
        Table.Where(row => row.Form.IsMatch(command.Text)).Select(row => ((CommandCheck, string)?)(row.Check, row.Why)).FirstOrDefault();

    /// <summary>The commands that are run in this way, each once, and as it stands where its output is shown, too.</summary>
    public static IReadOnlyList<DocumentedCommand> All(CommandCheck check) =>
    [
        .. DocumentedCommand.All.Where(command => Of(command)?.Check == check)
            .OrderByDescending(command => command.Output.Count).ThenBy(command => command.IsInText).DistinctBy(command => command.Text),
    ];

    private static (Regex, CommandCheck, string) Row(string form, CommandCheck check, string why = "") => (new($"^({form})$", RegexOptions.CultureInvariant), check, why);

    private static (Regex, CommandCheck, string) Exactly(string text, string why) => (new($"^{Regex.Escape(text)}$", RegexOptions.CultureInvariant), CommandCheck.NotRun, why);
}
