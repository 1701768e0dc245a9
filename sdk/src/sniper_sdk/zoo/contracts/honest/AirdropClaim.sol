// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: holds a twentieth of its supply for those whom a Merkle tree lists, and nobody can take it otherwise.
contract AirdropClaim is StandardToken {
    bytes32 public immutable root;
    mapping(address account => bool) public claimed;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {
        root = keccak256(abi.encode(name_));
        _write(address(0), address(this), supply / 20);
    }

    function claim(uint256 value, bytes32[] calldata proof) external {
        require(!claimed[msg.sender], "claimed");
        claimed[msg.sender] = true;
        bytes32 node = keccak256(abi.encode(msg.sender, value));
        for (uint256 i = 0; i < proof.length; i++) {
            node = node < proof[i]
                ? keccak256(abi.encode(node, proof[i]))
                : keccak256(abi.encode(proof[i], node));
        }
        require(node == root, "not listed");
        _update(address(this), msg.sender, value);
    }
}
