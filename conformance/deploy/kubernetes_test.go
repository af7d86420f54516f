// Package deploy_test holds examples/kubernetes, compose and systemd against those who know: kustomize and the types of k8s.io/api,
// Compose's own library, systemd-analyze where there is one. None of them runs anything.
package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const kubernetes = "../../examples/kubernetes"

// cluster is what kustomize makes of the folder.
type cluster struct {
	deployments map[string]*apps.Deployment
	services    []*core.Service
	policies    map[string]*networking.NetworkPolicy
	secrets     map[string]*core.Secret
	maps        map[string]*core.ConfigMap
	disruptions []*policy.PodDisruptionBudget
	namespaces  []*core.Namespace
}

// builtCluster builds the folder with the example's secrets, and decodes each document strictly: no field that the type does not
// have, none twice.
func builtCluster(t *testing.T) *cluster {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(kubernetes)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "secrets.env.example"), filepath.Join(dir, "secrets.env")); err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{
		deployments: make(map[string]*apps.Deployment), policies: make(map[string]*networking.NetworkPolicy),
		secrets: make(map[string]*core.Secret), maps: make(map[string]*core.ConfigMap),
	}
	for _, resource := range built.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var into any
		switch kind := resource.GetGvk().String(); kind {
		case "Deployment.v1.apps":
			d := new(apps.Deployment)
			into, c.deployments[resource.GetName()] = d, d
		case "Service.v1.[noGrp]":
			s := new(core.Service)
			into, c.services = s, append(c.services, s)
		case "NetworkPolicy.v1.networking.k8s.io":
			p := new(networking.NetworkPolicy)
			into, c.policies[resource.GetName()] = p, p
		case "Secret.v1.[noGrp]":
			s := new(core.Secret)
			into, c.secrets[resource.GetName()] = s, s
		case "ConfigMap.v1.[noGrp]":
			m := new(core.ConfigMap)
			into, c.maps[resource.GetName()] = m, m
		case "PodDisruptionBudget.v1.policy":
			b := new(policy.PodDisruptionBudget)
			into, c.disruptions = b, append(c.disruptions, b)
		case "Namespace.v1.[noGrp]":
			n := new(core.Namespace)
			into, c.namespaces = n, append(c.namespaces, n)
		default:
			t.Errorf("there is no type for %s %s", kind, resource.GetName())
			continue
		}
		unknown, err := json.UnmarshalStrict(text, into)
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s %s: %v %v", resource.GetKind(), resource.GetName(), err, unknown)
		}
		if resource.GetKind() != "Namespace" && resource.GetNamespace() != "wechat-card" {
			t.Errorf("%s %s is in %q", resource.GetKind(), resource.GetName(), resource.GetNamespace())
		}
	}
	if len(c.deployments) != 2 || len(c.services) != 3 || len(c.policies) != 2 || len(c.secrets) != 1 || len(c.maps) != 1 || len(c.disruptions) != 1 || len(c.namespaces) != 1 {
		t.Fatalf("kustomize made %d documents: %+v", built.Size(), c)
	}
	return c
}

// selected are the deployments whose pods have these labels.
func (c *cluster) selected(labels map[string]string) (found []*apps.Deployment) {
	for _, d := range c.deployments {
		has := len(labels) > 0
		for name, value := range labels {
			has = has && d.Spec.Template.Labels[name] == value
		}
		if has {
			found = append(found, d)
		}
	}
	return found
}

func hasPort(d *apps.Deployment, port intstr.IntOrString) bool {
	return slices.ContainsFunc(d.Spec.Template.Spec.Containers[0].Ports, func(p core.ContainerPort) bool { return port.Type == intstr.String && p.Name == port.StrVal })
}

// TestKubernetes sees that names, labels, ports, secrets and probes of the documents lead to each other.
func TestKubernetes(t *testing.T) {
	c := builtCluster(t)
	for _, s := range c.services {
		if pods := c.selected(s.Spec.Selector); len(pods) != 1 || !hasPort(pods[0], s.Spec.Ports[0].TargetPort) {
			t.Errorf("service %s leads nowhere", s.Name)
		}
	}
	for _, b := range c.disruptions {
		if pods := c.selected(b.Spec.Selector.MatchLabels); len(pods) != 1 || int32(b.Spec.MinAvailable.IntValue()) >= *pods[0].Spec.Replicas {
			t.Errorf("%s lets no pod go", b.Name)
		}
	}
	for name, d := range c.deployments {
		pod := d.Spec.Template.Spec
		container := pod.Containers[0]
		if !slices.Contains(c.selected(d.Spec.Selector.MatchLabels), d) {
			t.Errorf("%s does not select its own pods", name)
		}
		for _, e := range container.Env {
			if from := e.ValueFrom; from != nil && c.secrets[from.SecretKeyRef.Name].Data[from.SecretKeyRef.Key] == nil {
				t.Errorf("%s: there is no secret for %s", name, e.Name)
			}
		}
		for _, e := range container.EnvFrom {
			if c.secrets[e.SecretRef.Name] == nil {
				t.Errorf("%s: there is no secret %s", name, e.SecretRef.Name)
			}
		}
		for _, v := range pod.Volumes {
			if v.ConfigMap != nil && c.maps[v.ConfigMap.Name] == nil {
				t.Errorf("%s: there is no ConfigMap %s", name, v.ConfigMap.Name)
			}
			if !slices.ContainsFunc(container.VolumeMounts, func(m core.VolumeMount) bool { return m.Name == v.Name }) {
				t.Errorf("%s: %s is mounted nowhere", name, v.Name)
			}
		}
		security := container.SecurityContext // what the namespace asks for
		if !*pod.SecurityContext.RunAsNonRoot || *security.AllowPrivilegeEscalation || security.Capabilities.Drop[0] != "ALL" || pod.SecurityContext.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s may do more than its namespace allows", name)
		}
	}

	gateway := c.deployments["gateway"].Spec.Template.Spec.Containers[0]
	if gateway.Image != "registry.example.com/caddy-wechat-card:v0.2.0" {
		t.Errorf("the image is %s", gateway.Image)
	}
	caddyfile := c.maps[c.deployments["gateway"].Spec.Template.Spec.Volumes[0].ConfigMap.Name].Data["Caddyfile"]
	for _, probe := range []*core.Probe{gateway.StartupProbe, gateway.ReadinessProbe, gateway.LivenessProbe} {
		if get := probe.HTTPGet; !hasPort(c.deployments["gateway"], get.Port) || !strings.Contains(caddyfile, "\trespond "+get.Path+" 200\n") {
			t.Errorf("nothing answers the probe %v", probe)
		}
	}
	for _, port := range gateway.Ports {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^http://:%d \{$`, port.ContainerPort)).MatchString(caddyfile) {
			t.Errorf("nothing serves port %s", port.Name)
		}
	}
	set := slices.Concat(gateway.Env, secretVariables(c, gateway))
	for _, m := range regexp.MustCompile(`\{(?:\$|env\.)(\w+)\}`).FindAllStringSubmatch(caddyfile, -1) {
		if !slices.ContainsFunc(set, func(e core.EnvVar) bool { return e.Name == m[1] }) {
			t.Errorf("%s is not in the environment", m[1])
		}
	}
}

func secretVariables(c *cluster, container core.Container) (found []core.EnvVar) {
	for name := range c.secrets[container.EnvFrom[0].SecretRef.Name].Data {
		found = append(found, core.EnvVar{Name: name})
	}
	return found
}

// TestNetworkPolicies sees who may come where: everybody to the site, only backends with the label to credentials and relay, only
// gateways to Redis.
func TestNetworkPolicies(t *testing.T) {
	c := builtCluster(t)
	for _, tc := range []struct {
		policy, port string
		from         map[string]string
	}{
		{"gateway", "http", nil},
		{"gateway", "api", map[string]string{"wechat-card/api": "true"}},
		{"redis", "redis", map[string]string{"app.kubernetes.io/name": "gateway"}},
	} {
		p := c.policies[tc.policy]
		if pods := c.selected(p.Spec.PodSelector.MatchLabels); len(pods) != 1 || pods[0].Name != tc.policy || !slices.Contains(p.Spec.PolicyTypes, networking.PolicyTypeIngress) {
			t.Errorf("policy %s is for %v", tc.policy, pods)
		}
		rules := 0
		for _, rule := range p.Spec.Ingress {
			if len(rule.Ports) != 1 {
				t.Fatalf("a rule of %s is for %d ports: without any it is for all", tc.policy, len(rule.Ports))
			}
			if rule.Ports[0].Port.StrVal != tc.port {
				continue
			}
			rules++
			switch {
			case tc.from == nil && len(rule.From) == 0:
			case tc.from == nil, len(rule.From) != 1, rule.From[0].NamespaceSelector != nil, rule.From[0].IPBlock != nil:
				t.Errorf("%s of %s is open to %v", tc.port, tc.policy, rule.From)
			default:
				for name, value := range tc.from {
					if len(rule.From[0].PodSelector.MatchLabels) != len(tc.from) || rule.From[0].PodSelector.MatchLabels[name] != value {
						t.Errorf("%s of %s is open to %v", tc.port, tc.policy, rule.From[0].PodSelector)
					}
				}
			}
		}
		if rules != 1 {
			t.Errorf("%s has %d rules for %s", tc.policy, rules, tc.port)
		}
	}
}
