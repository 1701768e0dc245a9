// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: the owner takes snapshots, which only remember what was held.
contract Snapshot is OwnableToken {
    uint256 public current;
    mapping(address holder => mapping(uint256 snapshot => uint256)) private heldAt;
    mapping(address holder => uint256) private recorded;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function snapshot() external onlyOwner returns (uint256) {
        return ++current;
    }

    function balanceOfAt(address account, uint256 id) external view returns (uint256) {
        return recorded[account] >= id ? heldAt[account][id] : balances[account];
    }

    function _update(address from, address to, uint256 value) internal override {
        _record(from);
        _record(to);
        _write(from, to, value);
    }

    function _record(address account) private {
        for (uint256 id = recorded[account] + 1; id <= current; id++) heldAt[account][id] = balances[account];
        recorded[account] = current;
    }
}
