// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Acts when two of three signers have said so.
contract Multisig {
    address[] private signers;
    mapping(bytes32 action => mapping(address signer => bool)) public confirmed;

    constructor(address first, address second, address third) {
        signers.push(first);
        signers.push(second);
        signers.push(third);
    }

    function getOwners() external view returns (address[] memory) {
        return signers;
    }

    function getThreshold() public pure returns (uint256) {
        return 2;
    }

    function confirm(bytes32 action) external {
        confirmed[action][msg.sender] = true;
    }

    function execute(address to, bytes calldata data, uint256 salt) external {
        bytes32 action = keccak256(abi.encode(to, data, salt));
        uint256 count = 0;
        for (uint256 i = 0; i < signers.length; i++) {
            if (confirmed[action][signers[i]]) {
                delete confirmed[action][signers[i]];
                count++;
            }
        }
        require(count >= getThreshold(), "not enough confirmations");
        (bool done,) = to.call(data);
        require(done, "the call failed");
    }
}
